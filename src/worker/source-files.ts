/** The TypeScript files that a built file may be made from, by its extension. */
const SOURCES: Readonly<Record<string, readonly string[]>> = {
  '.js': ['.ts', '.tsx'],
  '.jsx': ['.tsx'],
  '.mjs': ['.mts'],
  '.cjs': ['.cts'],
};

/** The file that is built from a TypeScript file, by the extension of the latter. */
const BUILT: Readonly<Record<string, string>> = {
  '.ts': '.js',
  '.tsx': '.js',
  '.mts': '.mjs',
  '.cts': '.cjs',
};

/** Whether a path or URL is that of a TypeScript file. */
export function isSource(path: string): boolean {
  return /(?<!\.d)\.(?:[cm]?ts|tsx)$/.test(path);
}

/** The paths at which the source of a built file may be; none if it isn't JavaScript. */
export function sourcesOf(path: string): string[] {
  const extension = /\.[cm]?jsx?$/.exec(path)?.[0] ?? '';
  return (SOURCES[extension] ?? []).map((each) => path.slice(0, -extension.length) + each);
}

/** The path of what is built from a TypeScript file. */
export function builtFrom(path: string): string {
  return path.replace(/\.(?:[cm]?ts|tsx)$/, (extension) => BUILT[extension] as string);
}

/** Whether Node or a TypeScript compiler takes the file for a module. */
export function isModule(path: string): boolean {
  return /\.[cm]?js$/.test(path) || isSource(path);
}
