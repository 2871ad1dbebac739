import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../support/project.js';

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
    'required',
    'resolve',
    'reviveError',
    'rule',
    'taskFileSource',
    'toBytes',
    'told',
  ],
  './task': ['taskContext', 'taskSignal', 'transfer'],
  './testing': ['assertReplaySafe', 'overrideFutures'],
};

type Target = string | { readonly default: string };

async function readExports(): Promise<Record<string, Target>> {
  const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    exports: Record<string, Target>;
  };
  const { './package.json': _, ...modules } = manifest.exports;
  return modules;
}

describe('the public exports', () => {
  it('are these subpaths', async () => {
    expect(Object.keys(await readExports())).toEqual(Object.keys(EXPORTS));
  });

  it.each(Object.entries(EXPORTS))('of "%s" are these names', async (subpath, names) => {
    const target = (await readExports())[subpath] as { readonly default: string };
    const module = (await import(join(ROOT, target.default))) as object;
    expect(Object.keys(module).toSorted()).toEqual(names);
  });
});
