import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from '../support/project.js';

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  noEmit: true,
  allowJs: true,
  skipLibCheck: true,
  experimentalDecorators: true,
  types: ['node'],
};

const BEFORE = `
import { Future, type FuturesService, type WorkerPool, taskFile } from '../../src/index.js';
const url = new URL('file:///typed.tasks.js');
const tasks = taskFile<typeof import('../fixtures/typed.tasks.js')>(url);
export declare const futures: FuturesService;
export declare const pool: WorkerPool;
`;

/** Mistakes, and the first line of the compiler's message. */
const MISTAKES: readonly [name: string, code: string, message: string][] = [
  [
    'a wrong argument',
    `futures.resultOrSubmit('k', 0, tasks.add, 1, '2');`,
    `Argument of type 'string' is not assignable to parameter of type 'number'.`,
  ],
  [
    'a wrong argument of WorkerPool',
    `void pool.run(tasks.add, 1, '2');`,
    `Argument of type 'string' is not assignable to parameter of type 'number'.`,
  ],
  [
    'a forgotten argument',
    `futures.resultOrSubmit('k', 0, tasks.add, 1);`,
    'Expected 5 arguments, but got 4.',
  ],
  [
    'taskFile() without its type argument',
    `futures.submit('k', taskFile(url).add, 1, 2);`,
    `Property 'add' does not exist on type 'TaskFile<TypeArgumentIsMissing>'.`,
  ],
  [
    'a forgotten key',
    `futures.submit(tasks.add, 1, 2);`,
    `Argument of type '(a: number, b: number) => number' is not assignable to parameter of type 'string'.`,
  ],
];

/** TypeScript begins the message of each failed decorator and overload with a line of its own. */
const OF_DECORATORS: readonly [name: string, parameter: string, part: string][] = [
  [
    'a wrong argument',
    `@Future('k', { task: tasks.add, args: () => [1, '2'] }) value: number`,
    `Type 'string' is not assignable to type 'number'.`,
  ],
  [
    'forgotten "args"',
    `@Future('k', { task: tasks.add }) value: number`,
    `Property 'args' is missing in type '{ task: (a: number, b: number) => number; }'`,
  ],
  [
    'a parameter of the wrong type',
    `@Future('k', { task: tasks.add, args: () => [1, 2] }) value: string`,
    `is not assignable to parameter of type '{ 'the value of the future': number; 'does not fit a parameter of': string; }'.`,
  ],
  [
    'a forgotten key',
    `@Future({ task: tasks.now }) value: Date`,
    `'task' does not exist in type '(context: ExecutionContext) => string'.`,
  ],
];

describe('the compiler names', () => {
  const code = [
    ...MISTAKES.map(([, line]) => line),
    ...OF_DECORATORS.map(
      ([, parameter], i) =>
        `export class C${i} { handler(${parameter}): unknown { return value; } }`,
    ),
  ];
  const messages = compile(BEFORE, code);

  it.each(MISTAKES.map(([name, , message], i) => [name, message, i] as const))(
    '%s, in the first line of its error',
    (_, message, i) => {
      expect(messages[i]?.map((each) => each.split('\n')[0])).toEqual([message]);
    },
  );

  it.each(OF_DECORATORS.map(([name, , part], i) => [name, part, i + MISTAKES.length] as const))(
    '%s of @Future',
    (_, part, i) => {
      expect(messages[i]?.join('\n')).toContain(part);
    },
  );
});

/** The errors of each line. */
function compile(before: string, lines: readonly string[]): string[][] {
  const file = join(ROOT, 'test/package/mistakes.ts');
  const text = before + lines.join('\n');
  const files = ts.createCompilerHost(OPTIONS);
  const host = { ...files };
  host.fileExists = (name) => name === file || files.fileExists(name);
  host.getSourceFile = (name, ...others) =>
    name === file
      ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2023)
      : files.getSourceFile(name, ...others);
  const program = ts.createProgram([file], OPTIONS, host);
  const source = program.getSourceFile(file);
  const offset = before.split('\n').length - 1;
  const messages: string[][] = lines.map(() => []);
  for (const { start = 0, messageText } of program.getSemanticDiagnostics(source)) {
    const { line = 0 } = source?.getLineAndCharacterOfPosition(start) ?? {};
    messages[line - offset]?.push(ts.flattenDiagnosticMessageText(messageText, '\n'));
  }
  return messages;
}
