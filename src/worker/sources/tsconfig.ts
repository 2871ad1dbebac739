import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join, resolve } from 'node:path';

/** The compiler options of a project, as they are written in its tsconfig.json. */
export interface CompilerOptions {
  readonly module?: string;
  readonly experimentalDecorators?: boolean;
  readonly emitDecoratorMetadata?: boolean;
  readonly useDefineForClassFields?: boolean;
  readonly verbatimModuleSyntax?: boolean;
  readonly target?: string;
  readonly jsx?: string;
  readonly jsxFactory?: string;
  readonly jsxFragmentFactory?: string;
  readonly jsxImportSource?: string;
  /** Absolute. */
  readonly baseUrl?: string;
  /** The targets are absolute. */
  readonly paths?: Readonly<Record<string, readonly string[]>>;
}

interface ConfigFile {
  readonly extends?: string | readonly string[];
  readonly compilerOptions?: CompilerOptions;
  readonly files?: readonly string[];
  readonly references?: readonly { readonly path: string }[];
}

/** A project without a tsconfig.json: Nest needs both. */
const NO_CONFIG: CompilerOptions = { experimentalDecorators: true, emitDecoratorMetadata: true };

const byFolder = new Map<string, CompilerOptions>();

/**
 * The options of the nearest tsconfig.json, from a folder upwards.
 *
 * @throws Error if that file, or one that it extends, cannot be read
 */
export function compilerOptions(folder: string): CompilerOptions {
  const known = byFolder.get(folder);
  if (known !== undefined) return known;
  const path = join(folder, 'tsconfig.json');
  const above = dirname(folder);
  const none = () => (above === folder ? NO_CONFIG : compilerOptions(above));
  const options = existsSync(path) ? readOptions(path, folder) : none();
  byFolder.set(folder, options);
  return options;
}

/** @param seen the files that this one is a part of */
function readOptions(path: string, root: string, seen: readonly string[] = []): CompilerOptions {
  if (seen.includes(path)) throw new Error(`${path} extends itself.`);
  const config = readConfig(path);
  const bases = [config.extends ?? []]
    .flat()
    .map((name) => readOptions(findBase(name, path), root, [...seen, path]));
  const options = Object.assign({}, ...bases, ownOptions(config, path, root));
  // A file that only lists projects, as Nx writes it: the first of them is the one with the code.
  const first = config.files?.length === 0 ? config.references?.[0]?.path : undefined;
  if (first === undefined) return options as CompilerOptions;
  const reference = resolve(dirname(path), first);
  const project = reference.endsWith('.json') ? reference : join(reference, 'tsconfig.json');
  if (!existsSync(project)) return options as CompilerOptions;
  return readOptions(project, dirname(project), [...seen, path]);
}

/** Paths mean the folder of the file that holds them. */
function ownOptions(
  { compilerOptions: options = {} }: ConfigFile,
  path: string,
  root: string,
): CompilerOptions {
  const absolute = (base: string, target: string) =>
    resolve(base, target.replace('${configDir}', root));
  const folder = dirname(path);
  const baseUrl = options.baseUrl === undefined ? undefined : absolute(folder, options.baseUrl);
  const paths = Object.entries(options.paths ?? {}).map(([pattern, targets]) => [
    pattern,
    targets.map((target) => absolute(baseUrl ?? folder, target)),
  ]);
  return {
    ...options,
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(options.paths === undefined ? {} : { paths: Object.fromEntries(paths) }),
  };
}

function findBase(name: string, path: string): string {
  if (name.startsWith('.') || isAbsolute(name)) {
    const base = resolve(dirname(path), name);
    return existsSync(base) && base.endsWith('.json') ? base : `${base}.json`;
  }
  const { resolve: find } = createRequire(path);
  for (const candidate of [name, `${name}.json`, `${name}/tsconfig.json`]) {
    try {
      const found = find(candidate);
      if (found.endsWith('.json')) return found;
    } catch {
      // The next spelling may be the right one.
    }
  }
  throw new Error(`${path} extends "${name}", which is not installed.`);
}

function readConfig(path: string): ConfigFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error(`${path} cannot be read.`, { cause });
  }
  try {
    return JSON.parse(withoutExtras(text)) as ConfigFile;
  } catch (cause) {
    throw new Error(`${path} is not valid: ${(cause as Error).message}`, { cause });
  }
}

/** Replaces a match by the string that is in it, or by nothing. */
function keepString(_match: string, string: string | undefined): string {
  return string ?? '';
}

/** Removes what JSON doesn't have: comments and trailing commas. Strings are left as they are. */
function withoutExtras(text: string): string {
  return text
    .replace(/^\uFEFF/, '')
    .replace(/("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, keepString)
    .replace(/("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g, keepString);
}
