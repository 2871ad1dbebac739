import * as nodeModule from 'node:module';
import { compile } from './compiler.js';
import { formatOf, type Format } from './format.js';
import { findMapped, findSource, isNotFound } from './resolution.js';

/** The part of `require()` that loaders replace; Node's types leave it out. */
interface Loader {
  _resolveFilename(request: string, importer?: Importer | null, ...rest: unknown[]): string;
  readonly _extensions: Record<string, (module: Compilable, path: string) => void>;
}

interface Importer {
  readonly filename?: string | null;
}

interface Compilable {
  _compile(code: string, path: string, format: Format): void;
}

const loader = nodeModule.Module as unknown as Loader;

const EXTENSIONS = ['.ts', '.tsx', '.mts', '.cts'];

/** Whether `require()` loads a file of this kind already: the app was started with a loader. */
export function isRequireHooked(path: string): boolean {
  return EXTENSIONS.some((each) => path.endsWith(each) && each in loader._extensions);
}

/** Makes `require()` load TypeScript files, in a Node that has no hooks for it. */
export function hookRequire(): void {
  const resolveFilename = loader._resolveFilename;
  loader._resolveFilename = function resolveSource(request, importer, ...rest) {
    const from = importer?.filename ?? undefined;
    const mapped = from === undefined ? undefined : findMapped(request, from);
    if (mapped !== undefined) return mapped;
    try {
      return Reflect.apply(resolveFilename, this, [request, importer, ...rest]);
    } catch (error) {
      const source =
        from !== undefined && isNotFound(error) ? findSource(request, from) : undefined;
      if (source === undefined) throw error;
      return source;
    }
  };
  for (const extension of EXTENSIONS) {
    loader._extensions[extension] = (module, path) => {
      const { code, format } = compile(path, formatOf(path));
      module._compile(code, path, format);
    };
  }
}
