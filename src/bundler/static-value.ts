import type { Node } from 'oxc-parser';

/** A node of the syntax tree, as far as it is looked at here. */
export type AnyNode = Node & { readonly start: number; readonly end: number };

/** Which file an expression names, relative to the module that it is in. */
export interface NamedFile {
  /** As it is written: `./report.tasks.js`, or an alias such as `@app/report.tasks`. */
  readonly specifier: string;
  /** Whether the expression gives a `URL`; otherwise, it gives text. */
  readonly isUrl: boolean;
  /** The expression that names the file; another than the argument if that is a variable. */
  readonly node: AnyNode;
}

/** The initial value of each `const` whose name is declared once in the module. */
export type Constants = ReadonlyMap<string, AnyNode>;

/** The expression without parentheses and types around it. */
export function bare(node: AnyNode): AnyNode {
  switch (node.type) {
    case 'ParenthesizedExpression':
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
    case 'TSTypeAssertion':
      return bare(node.expression);
    default:
      return node;
  }
}

/** The name of a variable, or of the last property: `join`, `path.join`, `(0, node_path_1.join)`. */
export function nameOf(given: AnyNode): string | undefined {
  const node = bare(given);
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'SequenceExpression') {
    const last = node.expressions.at(-1);
    return last === undefined ? undefined : nameOf(last);
  }
  if (node.type !== 'MemberExpression') return undefined;
  if (node.property.type === 'Literal') return String(node.property.value);
  return !node.computed && node.property.type === 'Identifier' ? node.property.name : undefined;
}

/** Text that is known without running the code. */
export function textOf(given: AnyNode | undefined, constants: Constants): string | undefined {
  if (given === undefined) return undefined;
  const node = bare(given);
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined;
  if (node.type === 'Identifier') return textOf(constants.get(node.name), without(constants, node));
  if (node.type === 'BinaryExpression' && node.operator === '+') {
    return concat([textOf(node.left, constants), textOf(node.right, constants)]);
  }
  if (node.type !== 'TemplateLiteral') return undefined;
  return concat(
    node.quasis.flatMap((quasi, i) => {
      const expression = node.expressions[i];
      const { cooked } = quasi.value;
      return expression === undefined
        ? [cooked ?? undefined]
        : [cooked ?? undefined, textOf(expression, constants)];
    }),
  );
}

/** The file that an argument of `taskFile()` names; undefined if that is known at run time only. */
export function namedFile(given: AnyNode, constants: Constants): NamedFile | undefined {
  const node = bare(given);
  if (node.type === 'Identifier') {
    const value = constants.get(node.name);
    return value && namedFile(value, without(constants, node));
  }
  const url = urlSpecifier(node, constants);
  if (url !== undefined) return { specifier: url, isUrl: true, node };
  const path = pathSpecifier(node, constants);
  return path === undefined ? undefined : { specifier: path, isUrl: false, node };
}

/** Of `new URL('./x.js', import.meta.url)`, or with `pathToFileURL(__filename)` for the module. */
function urlSpecifier(node: AnyNode, constants: Constants): string | undefined {
  if (node.type !== 'NewExpression' || nameOf(node.callee) !== 'URL') return undefined;
  const [specifier, base] = node.arguments;
  if (base === undefined || !isUrlOfModule(bare(base))) return undefined;
  const text = textOf(specifier, constants);
  return text === undefined ? undefined : relative(decodeURI(text));
}

function pathSpecifier(node: AnyNode, constants: Constants): string | undefined {
  if (node.type === 'MemberExpression' && ['href', 'pathname'].includes(nameOf(node) ?? '')) {
    return urlSpecifier(bare(node.object), constants);
  }
  if (node.type === 'CallExpression') return ofCall(node, constants);
  // `${__dirname}/x.js`, or __dirname + '/x.js'
  const text = textOf(node, new Map([...constants, ['__dirname', FOLDER]]));
  return text?.startsWith('./') === true ? text : undefined;
}

/** Stands for the folder of the module. */
const FOLDER = { type: 'Literal', value: '.', start: 0, end: 0 } as unknown as AnyNode;

function ofCall(node: AnyNode & { type: 'CallExpression' }, constants: Constants) {
  const callee = bare(node.callee);
  const [first, ...rest] = node.arguments;
  switch (nameOf(callee)) {
    case 'fileURLToPath':
    case 'String':
      return first && urlSpecifier(bare(first), constants);
    case 'toString':
      return callee.type === 'MemberExpression'
        ? urlSpecifier(bare(callee.object), constants)
        : undefined;
    case 'join':
    case 'resolve': {
      // require.resolve() and import.meta.resolve() have no folder before the path.
      if (first === undefined) return undefined;
      if (!isFolderOfModule(bare(first))) return textOf(first, constants);
      const text = concat(rest.flatMap((each, i) => [i === 0 ? '' : '/', textOf(each, constants)]));
      return text === undefined ? undefined : relative(text);
    }
    default:
      return undefined;
  }
}

function isUrlOfModule(node: AnyNode): boolean {
  if (isMeta(node, 'url')) return true;
  if (node.type === 'MemberExpression' && nameOf(node) === 'href') {
    return isUrlOfModule(bare(node.object));
  }
  if (node.type !== 'CallExpression' || nameOf(node.callee) !== 'pathToFileURL') return false;
  const [file] = node.arguments;
  return file !== undefined && (nameOf(file) === '__filename' || isMeta(bare(file), 'filename'));
}

function isFolderOfModule(node: AnyNode): boolean {
  return (node.type === 'Identifier' && node.name === '__dirname') || isMeta(node, 'dirname');
}

function isMeta(node: AnyNode, property: string): boolean {
  return (
    node.type === 'MemberExpression' &&
    node.object.type === 'MetaProperty' &&
    nameOf(node) === property
  );
}

function relative(path: string): string {
  return /^\.{0,2}\//.test(path) ? path : `./${path}`;
}

function concat(parts: readonly (string | undefined)[]): string | undefined {
  return parts.includes(undefined) ? undefined : parts.join('');
}

/** A constant that refers to itself has no value. */
function without(constants: Constants, { name }: { name: string }): Constants {
  return new Map([...constants].filter(([each]) => each !== name));
}
