import { taskFile, type FuturesService, type Task } from '../../src/index.js';
import { tasks } from '../support/tasks.js';

/** What a task, or a handler that submits one, can do wrong, and what its request is due then. */
export interface Fault {
  readonly name: string;
  /** What a handler does that meets it. */
  readonly meet: (futures: FuturesService, key: string) => unknown;
  readonly status: number;
  /** Code of the error that is logged; undefined: the answer tells the client, and nothing is logged. */
  readonly logged?: string;
  /** Whether it is met while other requests occupy all the workers. */
  readonly isMetWhenOccupied?: true;
}

export type Kind = 'thread' | 'process';

/** How many calls may wait in the apps of these tests. */
export const MAX_QUEUE = 200;
export const WORKERS = 2;

const fixture = (name: string) => new URL(`../fixtures/${name}`, import.meta.url);
const crash = taskFile<typeof import('../fixtures/crash.tasks.js')>(fixture('crash.tasks.js'));
const natively = taskFile<typeof import('../fixtures/process-faults.tasks.js')>(
  fixture('process-faults.tasks.js'),
);
const broken = taskFile<{ never: Task<[]> }>(fixture('broken.tasks.js'));
const incomplete = taskFile<{ missing: Task<[]> }>(fixture('basic.tasks.js'));

const DEATH = { status: 500, logged: 'ERR_FUTURES_BROKEN_EXECUTOR' };
const UNKNOWN = { status: 500, logged: 'ERR_FUTURES_UNKNOWN_TASK' };

const FAULTS: Fault[] = [
  {
    name: 'a task that times out',
    meet: (futures, key) =>
      futures.using({ timeout: 100 }).resultOrSubmit(key, 0, tasks.spin, 3_600_000),
    status: 504,
  },
  {
    name: 'a task that has waited for too long',
    meet: (futures, key) => futures.using({ queueTimeout: 20 }).resultOrSubmit(key, 0, tasks.exit),
    status: 504,
    isMetWhenOccupied: true,
  },
  {
    name: 'more tasks than the queue takes',
    meet: (futures, key) => {
      for (let i = 0; i <= MAX_QUEUE + WORKERS; i++) {
        futures.resultOrSubmit(`${key}${i}`, 0, tasks.exit);
      }
    },
    status: 503,
  },
  {
    name: 'process.exit()',
    meet: (futures, key) => futures.resultOrSubmit(key, 0, tasks.exit),
    ...DEATH,
  },
  {
    name: 'running out of memory',
    meet: (futures, key) => futures.resultOrSubmit(key, 0, crash.exhaustMemory),
    ...DEATH,
  },
  {
    name: 'an error thrown later',
    meet: (futures, key) => futures.resultOrSubmit(key, 0, crash.throwLater),
    ...DEATH,
  },
  {
    name: 'an unhandled rejection',
    meet: (futures, key) => futures.resultOrSubmit(key, 0, crash.rejectUnseen),
    ...DEATH,
  },
  {
    name: 'a result that cannot be cloned',
    meet: (futures, key) => futures.resultOrSubmit(key, 0, tasks.uncloneable),
    status: 500,
    logged: 'ERR_FUTURES_TASK_RESULT',
  },
  {
    name: 'an argument that cannot be cloned',
    meet: (futures, key) => futures.resultOrSubmit(key, 0, tasks.echo, { save: () => {} }),
    status: 500,
    logged: 'ERR_FUTURES_TASK_ARGUMENT',
  },
  {
    name: 'a task file with a syntax error',
    meet: (futures, key) => futures.resultOrSubmit(key, 0, broken.never),
    ...UNKNOWN,
  },
  {
    name: 'a task file without that export',
    meet: (futures, key) => futures.resultOrSubmit(key, 0, incomplete.missing),
    ...UNKNOWN,
  },
];

/** What takes down a whole process, and must therefore be met in one of its own. */
const NATIVE_FAULTS: Fault[] = [
  {
    name: 'process.abort()',
    meet: (futures, key) => futures.resultOrSubmit(key, 0, natively.abort),
    ...DEATH,
  },
  {
    name: 'a segmentation fault',
    meet: (futures, key) => futures.resultOrSubmit(key, 0, natively.segfault),
    ...DEATH,
  },
];

export const FAULTS_OF: Readonly<Record<Kind, readonly Fault[]>> = {
  thread: FAULTS,
  process: [...FAULTS, ...NATIVE_FAULTS],
};
