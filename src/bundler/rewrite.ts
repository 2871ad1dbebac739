import { existsSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, resolve } from 'node:path';
import type { EntryParts } from './emitter.js';
import { type FoundCall, UnreadableCode, findCalls } from './find-calls.js';
import type { NamedFile } from './static-value.js';

/** What a bundler does for the plugin. */
export interface BundlerContext {
  /** Finds the file of a specifier that is neither relative nor absolute. */
  resolve(specifier: string, importer: string): Promise<string | undefined>;
  /** Has the file bundled by itself; returns an expression: its URL at run time, as text. */
  emit(file: string): string;
  /** Has the files emitted that the workers of this package load; returns such an expression. */
  readonly emitEntry: (parts: EntryParts) => string;
  warn(message: string): void;
  /** Fails the build. */
  error(message: string): void;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const HOW =
  `taskFile(new URL('./report.tasks.js', import.meta.url)), ` +
  `or taskFile(require.resolve('./report.tasks')) in CommonJS`;

/**
 * The code of a module, with each `taskFile()` pointing to the file that the bundler emits.
 * Undefined if there is nothing to change. Lines stay where they are.
 */
export async function rewriteCalls(
  code: string,
  id: string,
  context: BundlerContext,
): Promise<string | undefined> {
  const edits = new Map<number, Edit>();
  for (const call of callsIn(code, id, context)) {
    const where = `taskFile() in ${id}:${code.slice(0, call.argument.start).split('\n').length}`;
    if (call.file === undefined) {
      const { start, end } = call.argument;
      context.warn(
        `${where}: it is not known at build time which file "${code.slice(start, end)}" is, ` +
          `so the bundle will not have it. Write its path as text: ${HOW}.`,
      );
      continue;
    }
    const path = await findFile(call.file, id, context);
    if (path === undefined) {
      context.error(`${where}: there is no file "${call.file.specifier}" (nor its .ts source).`);
      continue;
    }
    const url = context.emit(path);
    for (const edit of editsOf(call, call.file, url, taskFileName(path), code)) {
      edits.set(edit.start, edit);
    }
  }
  return edits.size === 0 ? undefined : apply([...edits.values()], code);
}

function callsIn(code: string, id: string, context: BundlerContext): FoundCall[] {
  try {
    return findCalls(code, id);
  } catch (error) {
    if (!(error instanceof UnreadableCode)) throw error;
    context.warn(
      `${id} cannot be searched for taskFile(), since it cannot be parsed: ${error.message}`,
    );
    return [];
  }
}

/** The name that `taskFile()` gives the tasks by default. That of the emitted file may be another. */
function taskFileName(path: string): string {
  return basename(path).replace(/(\.tasks?)?\.[cm]?[jt]sx?$/, '');
}

function* editsOf(
  { argument, options }: FoundCall,
  { node, isUrl }: NamedFile,
  url: string,
  name: string,
  code: string,
): Iterable<Edit> {
  const { start, end } = node;
  yield { start, end, text: isUrl ? `new URL(${url})` : url };
  yield named(options, name, code, argument.end);
}

function named(options: FoundCall['options'], name: string, code: string, after: number): Edit {
  const text = JSON.stringify(name);
  if (options === undefined) return { start: after, end: after, text: `, { name: ${text} }` };
  const { start, end } = options;
  return { start, end, text: `{ name: ${text}, ...(${code.slice(start, end)}) }` };
}

function apply(edits: readonly Edit[], code: string): string {
  let result = code;
  for (const { start, end, text } of edits.toSorted((a, b) => b.start - a.start)) {
    const lost = lines(code.slice(start, end)) - lines(text);
    result = result.slice(0, start) + text + '\n'.repeat(Math.max(0, lost)) + result.slice(end);
  }
  return result;
}

function lines(text: string): number {
  return text.split('\n').length;
}

const EXTENSIONS = ['.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs', '.jsx'];

/** The built file if it is there; otherwise, the source beside it. */
async function findFile(
  { specifier }: NamedFile,
  id: string,
  context: BundlerContext,
): Promise<string | undefined> {
  if (!/^\.{1,2}\//.test(specifier) && !isAbsolute(specifier)) {
    return context.resolve(specifier, id);
  }
  const path = resolve(dirname(id), specifier);
  const source = path.replace(/\.([cm]?)js(x?)$/, '.$1ts$2');
  const candidates = [path, source, ...EXTENSIONS.map((each) => path + each)];
  return candidates.find((each) => existsSync(each) && statSync(each).isFile());
}
