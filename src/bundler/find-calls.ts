import { parseSync } from 'oxc-parser';
import { type AnyNode, type NamedFile, bare, nameOf, namedFile } from './static-value.js';

const PACKAGE = 'nestjs-futures';

/** A call of `taskFile()` in a module. */
export interface FoundCall {
  /** The file that it names; undefined if that is known at run time only. */
  readonly file: NamedFile | undefined;
  /** Its first argument, as it is written. */
  readonly argument: AnyNode;
  /** Its second argument. */
  readonly options: AnyNode | undefined;
}

/** The code cannot be parsed. */
export class UnreadableCode extends Error {}

/**
 * The calls of `taskFile()` in a module of JavaScript or TypeScript, as it was written or as a
 * compiler has translated it to CommonJS.
 *
 * @throws UnreadableCode
 */
export function findCalls(code: string, id: string): FoundCall[] {
  const program = parse(code, id);
  const direct = new Set<string>();
  const namespaces = new Set<string>();
  const calls: (AnyNode & { type: 'CallExpression' })[] = [];
  const declared = new Map<string, AnyNode | null>();
  const declare = (target: AnyNode, value: AnyNode | null) => {
    for (const name of namesIn(target)) {
      // Of two variables with one name, it isn't known here which is meant.
      declared.set(name, declared.has(name) ? null : value);
    }
  };
  walk(program, (node) => {
    if (node.type === 'CallExpression') calls.push(node);
    else if (node.type === 'ImportDeclaration') noteImport(node, direct, namespaces);
    else if (node.type === 'TSImportEqualsDeclaration') noteImportEquals(node, namespaces);
    else if (node.type === 'VariableDeclaration') {
      for (const { id: target, init } of node.declarations) {
        if (init !== null && loadsPackage(init)) noteBinding(target, direct, namespaces);
        declare(target, node.kind === 'const' && target.type === 'Identifier' ? init : null);
      }
    } else if ('params' in node && Array.isArray(node.params)) {
      for (const each of node.params as AnyNode[]) declare(each, null);
    } else if (node.type === 'CatchClause' && node.param !== null) declare(node.param, null);
  });
  const constants = new Map([...declared].filter((each): each is [string, AnyNode] => !!each[1]));
  return calls
    .filter(({ callee }) => isTaskFile(bare(callee), direct, namespaces))
    .flatMap(({ arguments: [argument, options] }) =>
      argument === undefined ? [] : [{ file: namedFile(argument, constants), argument, options }],
    );
}

/** `f<typeof x>(y)` has a meaning in both languages, so the name of the file decides first. */
function parse(code: string, id: string): AnyNode {
  const [, extension = 'js'] = /\.([cm]?[jt]sx?)$/.exec(id) ?? [];
  const [x, isTypeScript] = [extension.endsWith('x') ? 'x' : '', extension.includes('t')] as const;
  const languages = isTypeScript
    ? ([`ts${x}`, `js${x}`] as const)
    : ([`js${x}`, `ts${x}`] as const);
  let message = '';
  for (const lang of languages) {
    const { program, errors } = parseSync(id, code, { lang, sourceType: 'unambiguous' });
    if (errors.length === 0) return program;
    message = errors[0]?.message ?? '';
  }
  throw new UnreadableCode(message);
}

function walk(node: AnyNode, visit: (node: AnyNode) => void): void {
  visit(node);
  for (const value of Object.values(node) as unknown[]) {
    if (Array.isArray(value)) {
      for (const each of value) if (isNode(each)) walk(each, visit);
    } else if (isNode(value)) walk(value, visit);
  }
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

function noteImport(
  node: AnyNode & { type: 'ImportDeclaration' },
  direct: Set<string>,
  namespaces: Set<string>,
): void {
  if (node.source.value !== PACKAGE) return;
  for (const each of node.specifiers) {
    if (each.type !== 'ImportSpecifier') namespaces.add(each.local.name);
    else if (textOfKey(each.imported) === 'taskFile') direct.add(each.local.name);
  }
}

/** `import futures = require('nestjs-futures')`. */
function noteImportEquals(
  node: AnyNode & { type: 'TSImportEqualsDeclaration' },
  namespaces: Set<string>,
): void {
  const { moduleReference: from } = node;
  if (from.type === 'TSExternalModuleReference' && from.expression.value === PACKAGE) {
    namespaces.add(node.id.name);
  }
}

/** `require('nestjs-futures')`, also inside what a compiler puts around it, or as `import()`. */
function loadsPackage(given: AnyNode): boolean {
  const node = bare(given);
  if (node.type === 'AwaitExpression') return loadsPackage(node.argument);
  if (node.type === 'ImportExpression') return isPackage(node.source);
  if (node.type !== 'CallExpression') return false;
  const [first] = node.arguments;
  if (first === undefined) return false;
  return nameOf(node.callee) === 'require' ? isPackage(first) : loadsPackage(first);
}

function isPackage(node: AnyNode): boolean {
  return node.type === 'Literal' && node.value === PACKAGE;
}

/** The variables that a declaration or a parameter introduces. */
function namesIn(target: AnyNode): string[] {
  switch (target.type) {
    case 'Identifier':
      return [target.name];
    case 'AssignmentPattern':
      return namesIn(target.left);
    case 'RestElement':
      return namesIn(target.argument);
    case 'TSParameterProperty':
      return namesIn(target.parameter);
    case 'ArrayPattern':
      return target.elements.flatMap((each) => (each === null ? [] : namesIn(each)));
    case 'ObjectPattern':
      return target.properties.flatMap((each) =>
        namesIn(each.type === 'Property' ? each.value : each),
      );
    default:
      return [];
  }
}

function noteBinding(target: AnyNode, direct: Set<string>, namespaces: Set<string>): void {
  if (target.type === 'Identifier') namespaces.add(target.name);
  if (target.type !== 'ObjectPattern') return;
  for (const each of target.properties) {
    if (each.type !== 'Property' || textOfKey(each.key) !== 'taskFile') continue;
    if (each.value.type === 'Identifier') direct.add(each.value.name);
  }
}

function isTaskFile(
  callee: AnyNode,
  direct: ReadonlySet<string>,
  namespaces: ReadonlySet<string>,
): boolean {
  if (callee.type === 'Identifier') return direct.has(callee.name);
  // (0, nestjs_futures_1.taskFile)()
  if (callee.type === 'SequenceExpression') {
    const last = callee.expressions.at(-1);
    return last !== undefined && isTaskFile(bare(last), direct, namespaces);
  }
  if (callee.type !== 'MemberExpression' || nameOf(callee) !== 'taskFile') return false;
  const object = bare(callee.object);
  return object.type === 'Identifier' ? namespaces.has(object.name) : loadsPackage(object);
}

function textOfKey(node: AnyNode): string | undefined {
  if (node.type === 'Identifier') return node.name;
  return node.type === 'Literal' ? String(node.value) : undefined;
}
