import { readFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { dirname, extname } from 'node:path';
import { messageOf } from '../../wire/uncloneable.js';
import {
  NeedsOtherCompiler,
  withEsbuild,
  withSwc,
  withTypeScript,
  type Compile,
} from './compilers.js';
import type { Format } from './format.js';
import { compilerOptions } from './tsconfig.js';

interface Compiler {
  /** The package; or one that brings it with it, and then the package. */
  readonly ways: readonly (readonly string[])[];
  readonly create: (loaded: any) => Compile | undefined;
}

const SWC: Compiler = {
  ways: [['@swc/core'], ['@swc-node/register', '@swc/core']],
  create: withSwc,
};
const ESBUILD: Compiler = { ways: [['esbuild'], ['tsx', 'esbuild']], create: withEsbuild };
const TYPESCRIPT: Compiler = {
  ways: [['typescript'], ['@nestjs/cli', 'typescript']],
  create: withTypeScript,
};

const HOW_TO_FIX =
  'Install a compiler in the project: "npm i -D @swc/core" or "npm i -D typescript".';

/** What a file has become. */
export interface Compiled {
  readonly code: string;
  readonly format: Format;
}

/** Compilers by the folder of a file. */
const found = new Map<string, Compile | undefined>();

/**
 * Compiles a TypeScript file with what its project has installed.
 *
 * @throws Error if there is no compiler, or the file cannot be compiled
 */
export function compile(path: string, format: Format): Compiled {
  const folder = dirname(path);
  if (!found.has(folder)) found.set(folder, findCompiler(path));
  const compiler = found.get(folder);
  const code = readFileSync(path, 'utf8');
  const options = compilerOptions(folder);
  const isTsx = extname(path) === '.tsx';
  if (isTsx && options.jsx === undefined) {
    throw new Error(
      `${path} may hold JSX, but its tsconfig.json doesn't set "jsx". Set it, or make the file a .ts`,
    );
  }
  if (compiler === undefined) return stripTypes(path, code);
  try {
    return { code: compiler({ path, code, format, isTsx, options }), format };
  } catch (error) {
    if (!(error instanceof NeedsOtherCompiler)) throw error;
    throw new Error(`${error.message}. ${HOW_TO_FIX}`, { cause: error });
  }
}

/** @throws Error if none is installed, and Node has none */
function findCompiler(path: string): Compile | undefined {
  const reasons: string[] = [];
  const { emitDecoratorMetadata } = compilerOptions(dirname(path));
  // The fastest first, less what cannot do all that the project asks for.
  const order =
    emitDecoratorMetadata === true ? [SWC, TYPESCRIPT, ESBUILD] : [SWC, ESBUILD, TYPESCRIPT];
  for (const { ways, create } of order) {
    for (const way of ways) {
      try {
        const compiler = create(load(way, path));
        if (compiler !== undefined) return compiler;
      } catch (error) {
        if (!isNotInstalled(error))
          reasons.push(`${way.at(-1)} cannot be loaded: ${messageOf(error)}`);
      }
    }
  }
  if (CAN_STRIP) return undefined;
  const failed = reasons.length === 0 ? '' : ` (${reasons.join('; ')})`;
  throw new Error(`its project has no TypeScript compiler${failed}. ${HOW_TO_FIX}`);
}

function load(way: readonly string[], path: string): unknown {
  let require = nodeModule.createRequire(path);
  for (const name of way.slice(0, -1)) {
    require = nodeModule.createRequire(require.resolve(`${name}/package.json`));
  }
  return require(way.at(-1) as string) as unknown;
}

function isNotInstalled(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'MODULE_NOT_FOUND';
}

/** Node's own. */
const { stripTypeScriptTypes } = nodeModule as {
  readonly stripTypeScriptTypes?: (code: string, options: object) => string;
};
/** Its ES modules can be required only where `require()` has hooks, from Node 22.15 on. */
const CAN_STRIP = stripTypeScriptTypes !== undefined && 'registerHooks' in nodeModule;

/** Node removes types and changes nothing else: no decorators, and imports stay imports. */
function stripTypes(path: string, source: string): Compiled {
  let code: string;
  try {
    code = stripTypeScriptTypes!(source, { mode: 'transform', sourceMap: true, sourceUrl: path });
  } catch (cause) {
    throw new Error(`Node cannot compile ${path}: ${messageOf(cause)}. ${HOW_TO_FIX}`, { cause });
  }
  if (/^\s*@[\w(]/m.test(code)) {
    throw new Error(`${path} has decorators, which Node cannot compile. ${HOW_TO_FIX}`);
  }
  return { code, format: path.endsWith('.cts') ? 'commonjs' : 'module' };
}
