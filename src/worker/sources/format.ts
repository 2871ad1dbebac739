import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compilerOptions } from './tsconfig.js';

/** What a TypeScript file becomes: an ES module or a CommonJS module. */
export type Format = 'module' | 'commonjs';

/** The format of a TypeScript file, as TypeScript decides it. */
export function formatOf(path: string): Format {
  if (path.endsWith('.mts')) return 'module';
  if (path.endsWith('.cts')) return 'commonjs';
  const folder = dirname(path);
  const type = packageType(folder);
  if (type === 'module') return 'module';
  // Without a type, the build decides: a bundler takes ES modules from tsc.
  const { module = '' } = compilerOptions(folder);
  return type === undefined && /^(?:es|preserve)/i.test(module) ? 'module' : 'commonjs';
}

const types = new Map<string, string | undefined>();

/** `type` of the nearest package.json. */
function packageType(folder: string): string | undefined {
  if (types.has(folder)) return types.get(folder);
  const above = dirname(folder);
  let type: string | undefined;
  try {
    const content = readFileSync(join(folder, 'package.json'), 'utf8');
    ({ type } = JSON.parse(content) as { type?: string });
  } catch {
    type = above === folder ? undefined : packageType(above);
  }
  types.set(folder, type);
  return type;
}
