import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../support/project.js';

const run = promisify(execFile);

/** What each subpath exports, types aside. A name added here is a promise; one taken away breaks apps. */
const EXPORTS: Readonly<Record<string, readonly string[]>> = {
  '.': [
    'BodySpentError',
    'BrokenExecutorError',
    'ExecutorSaturatedError',
    'FUTURES_OPTIONS',
    'Future',
    'FutureAlreadyResolvedError',
    'FutureCancelledError',
    'FutureConflictError',
    'FutureNotResolvedError',
    'FutureNotSubmittedError',
    'FutureTimeoutError',
    'FutureUnreadError',
    'Futures',
    'FuturesArgumentError',
    'FuturesContextError',
    'FuturesException',
    'FuturesModule',
    'FuturesOptionsError',
    'FuturesService',
    'PassDiscardedError',
    'ReplayLimitError',
    'ReplayUnsafeError',
    'ResponseCommittedError',
    'TaskArgumentError',
    'TaskResultError',
    'TooManyFuturesError',
    'UnknownTaskError',
    'UseFutures',
    'WorkerPool',
    'isFuturesException',
    'isPassDiscarded',
    'passOf',
    'processExecutor',
    'taskFile',
    'threadExecutor',
    'validated',
  ],
  './bullmq': ['FuturesWorkerModule', 'bullmqExecutor'],
  './bundler': ['nestConfig', 'taskFiles'],
  './executor': [
    'CallStats',
    'DrainRate',
    'DrainWaiters',
    'DurationEstimates',
    'SHUTTING_DOWN',
    'THREAD_OPTIONS',
    'ThreadExecutor',
    'adoptException',
    'cancellationOf',
    'cancelled',
    'describe',
    'describeError',
    'describeRefusal',
    'duration',
    'findUncloneable',
    'fromBytes',
    'integer',
    'is',
    'notStarted',
    'oneOf',
    'option',
    'optional',
    'pool',
    'queueTimeoutOf',
    'required',
    'resolve',
    'reviveError',
    'rule',
    'taskFileSource',
    'toBytes',
    'told',
  ],
  './health': ['FuturesHealthIndicator'],
  './prometheus': ['FuturesPrometheusModule'],
  './task': ['carried', 'taskContext', 'taskSignal', 'transfer'],
  './testing': ['assertReplaySafe', 'overrideFutures'],
};

type Target = Readonly<Record<'import' | 'require', Readonly<Record<'types' | 'default', string>>>>;

interface Manifest {
  readonly exports: Readonly<Record<string, Target>>;
  readonly main: string;
  readonly types: string;
  readonly typesVersions: { readonly '*': Readonly<Record<string, readonly string[]>> };
}

const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Manifest;
const { './package.json': _, ...subpaths } = manifest.exports;

/** Prints the names of each subpath of the built package, which finds itself by its name. */
const PRINT = {
  import: `const load = (name) => import(name);`,
  require: `
    import { createRequire } from 'node:module';
    const require = createRequire(process.cwd() + '/x');
    const load = async (name) => require(name);`,
};

async function namesBy(format: 'import' | 'require'): Promise<Record<string, string[]>> {
  const script = `${PRINT[format]}
    const names = {};
    for (const subpath of ${JSON.stringify(Object.keys(EXPORTS))}) {
      const all = await load('nestjs-futures' + subpath.slice(1));
      names[subpath] = Object.keys(all).filter((name) => name !== '__esModule').sort();
    }
    console.log(JSON.stringify(names));`;
  const flags = ['--input-type=module', '--disable-warning=ExperimentalWarning', '-e', script];
  const { stdout } = await run(process.execPath, flags, { cwd: ROOT, timeout: 20_000 });
  return JSON.parse(stdout) as Record<string, string[]>;
}

describe('the public exports', () => {
  it('are these subpaths', () => {
    expect(Object.keys(subpaths)).toEqual(Object.keys(EXPORTS));
  });

  it.each(['import', 'require'] as const)('are these names, loaded by %s', async (format) => {
    expect(await namesBy(format)).toEqual(EXPORTS);
  });

  it('have types for compilers that do not read exports (moduleResolution: node10)', () => {
    const { '.': core, ...others } = subpaths;
    expect({ main: manifest.main, types: manifest.types }).toEqual({
      main: core?.require.default,
      types: core?.require.types,
    });
    expect(manifest.typesVersions['*']).toEqual(
      Object.fromEntries(
        Object.entries(others).map(([subpath, { require }]) => [subpath.slice(2), [require.types]]),
      ),
    );
  });
});
