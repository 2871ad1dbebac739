import * as nodeModule from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isSource } from '../source-files.js';
import { compile } from './compiler.js';
import { formatOf } from './format.js';
import { hookRequire } from './require-hook.js';
import { findMapped, findSource, isNotFound } from './resolution.js';

/** What Node's resolve hooks return. */
interface Resolved {
  readonly url: string;
  readonly shortCircuit?: boolean;
}

/** What Node's load hooks return. */
interface Loaded {
  readonly format: string;
  readonly source?: string | undefined;
  readonly shortCircuit?: boolean;
}

type Importer = { readonly parentURL?: string | undefined };
type Next<Context, Result> = (name: string, context: Context) => Result;

/** Node's types don't have it yet. */
const hooksOfThread = nodeModule as { readonly registerHooks?: (hooks: object) => void };

let isInstalled = false;

/** Makes this thread load TypeScript files, by `import` and by `require`. */
export function installHooks(): void {
  if (isInstalled) return;
  isInstalled = true;
  // Not beside another loader: some bring their own, which this would replace.
  process.setSourceMapsEnabled(true);
  if (hooksOfThread.registerHooks !== undefined) {
    hooksOfThread.registerHooks({ resolve: resolveSync, load: loadSync });
    return;
  }
  // Before Node 22.15, hooks of `import` run in another thread, and `require` has none.
  nodeModule.register(import.meta.url);
  hookRequire();
}

function resolveSync<Context extends Importer>(
  specifier: string,
  context: Context,
  next: Next<Context, Resolved>,
): Resolved {
  const mapped = mappedBy(context, specifier);
  if (mapped !== undefined) return { url: mapped, shortCircuit: true };
  try {
    return next(specifier, context);
  } catch (error) {
    return sourceInstead(specifier, context, error);
  }
}

/** The same for Node before 22.15. */
export async function resolve<Context extends Importer>(
  specifier: string,
  context: Context,
  next: Next<Context, Promise<Resolved>>,
): Promise<Resolved> {
  const mapped = mappedBy(context, specifier);
  if (mapped !== undefined) return { url: mapped, shortCircuit: true };
  try {
    return await next(specifier, context);
  } catch (error) {
    return sourceInstead(specifier, context, error);
  }
}

function mappedBy({ parentURL }: Importer, specifier: string): string | undefined {
  const importer = pathOf(parentURL);
  const path = importer === undefined ? undefined : findMapped(specifier, importer);
  return path === undefined ? undefined : pathToFileURL(path).href;
}

function sourceInstead(specifier: string, { parentURL }: Importer, error: unknown): Resolved {
  const importer = pathOf(parentURL);
  if (importer === undefined || !isNotFound(error)) throw error;
  const path = findSource(specifier, importer);
  if (path === undefined) throw error;
  return { url: pathToFileURL(path).href, shortCircuit: true };
}

function loadSync<Context>(url: string, context: Context, next: Next<Context, Loaded>): Loaded {
  const path = pathOf(url);
  if (path === undefined || !isSource(path)) return next(url, context);
  const { code, format } = compile(path, formatOf(path));
  return { format, source: code, shortCircuit: true };
}

/** The same for Node before 22.15. */
export async function load<Context>(
  url: string,
  context: Context,
  next: Next<Context, Promise<Loaded>>,
): Promise<Loaded> {
  const path = pathOf(url);
  if (path === undefined || !isSource(path)) return next(url, context);
  const format = formatOf(path);
  // Without a source, Node loads it with require(), as other CommonJS files do.
  const source = format === 'commonjs' ? undefined : compile(path, format).code;
  return { format, source, shortCircuit: true };
}

function pathOf(url: string | undefined): string | undefined {
  return url?.startsWith('file:') === true ? fileURLToPath(url) : undefined;
}
