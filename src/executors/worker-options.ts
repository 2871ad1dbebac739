import { spawnSync } from 'node:child_process';
import { SHARE_ENV, Worker } from 'node:worker_threads';
import { FuturesOptionsError } from '../errors/index.js';
import { check, optional, rule, type Option, type Rule } from '../errors/options.js';
import { describe, told } from '../errors/text.js';
import { taskFileSource } from '../tasks/task-file.js';
import { messageOf } from '../wire/uncloneable.js';

/** Environment variables of a worker. */
export type WorkerEnv = Readonly<Record<string, string | undefined>>;

const ENV = rule('an object whose values are strings', isEnv);
const THREAD_ENV = rule(
  'an object whose values are strings, or SHARE_ENV of node:worker_threads',
  (value) => value === SHARE_ENV || isEnv(value),
);
const FLAGS = rule('a list of strings', isTexts);

/** Options that Node takes when it starts a process. */
export const PROCESS_START = {
  /**
   * The environment variables of each worker, in place of the app's: `{ ...process.env, TZ: 'UTC' }`
   * adds one. Default: those of the app.
   */
  env: environment<WorkerEnv>(ENV, whyProcessRefuses),
  /** The flags of Node, in place of the app's, such as `['--import', 'tsx']`. Default: the app's. */
  execArgv: flags(whyProcessRefuses),
  /**
   * What the pool's workers are called in logs, metrics and outcomes: with `reports`, the thread 3 is
   * `reports thread 3`. A process has it as its title, too. Default: none.
   */
  name: optional<string>(
    rule('a text that is not empty', (value) => typeof value === 'string' && value !== ''),
  ),
  /**
   * Task files that each worker loads, with their task contexts, before it takes calls. The app
   * starts when the first `min` workers have done so, one at least; it fails to start if they can't.
   * Default: none.
   */
  preload: preload(),
};

/** Options that Node takes when it starts a thread. */
export const THREAD_START = {
  ...PROCESS_START,
  /** The same; `SHARE_ENV` of `node:worker_threads` shares the app's. */
  env: environment<WorkerEnv | typeof SHARE_ENV>(THREAD_ENV, whyThreadRefuses),
  /** The same, less the flags that only a process can have. */
  execArgv: flags(whyThreadRefuses),
  /** What `workerData` of `node:worker_threads` is in tasks. Default: none. */
  workerData: optional<unknown>(rule('a value that can be cloned', isCloneable)),
};

/** @throws FuturesOptionsError if options are given that belong to a piscina of the app */
export function checkOwnPool(name: string, options: Readonly<Record<string, unknown>>): void {
  const lost = ['env', 'execArgv', 'workerData', 'preload'].find((each) => {
    const value = options[each];
    return Array.isArray(value) ? value.length > 0 : value !== undefined;
  });
  if (lost === undefined) return;
  throw new FuturesOptionsError(
    `The option "${name}.${lost}" cannot be used together with "${name}.pool", whose threads are yours. ` +
      (lost === 'preload'
        ? 'Call the tasks once at startup instead.'
        : `Give it to your piscina: new Piscina({ ${lost} }).`),
  );
}

/** What a worker is started with. */
interface Start {
  readonly execArgv?: string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** Asks Node at startup, since workers that cannot start would fail the first request. */
type WhyRefused = (start: Start) => string | undefined;

function flags(whyRefused: WhyRefused): Option<readonly string[] | undefined> {
  return {
    resolve(name, value) {
      if (value === undefined) return undefined;
      check(name, value, FLAGS);
      const execArgv = value as readonly string[];
      checkStart(name, whyRefused({ execArgv: [...execArgv] }));
      return execArgv;
    },
  };
}

function environment<Env>(allowed: Rule, whyRefused: WhyRefused): Option<Env | undefined, Env> {
  return {
    resolve(name, value) {
      if (value === undefined) return undefined;
      check(name, value, allowed);
      const env = value as NodeJS.ProcessEnv;
      // The flags in it are all that Node could refuse.
      if (env.NODE_OPTIONS !== undefined) checkStart(name, whyRefused({ env }));
      return value as Env;
    },
  };
}

function checkStart(name: string, reason: string | undefined): void {
  if (reason === undefined) return;
  throw new FuturesOptionsError(`The option "${name}" has flags that Node refuses: ${reason}.`);
}

function whyThreadRefuses(start: Start): string | undefined {
  try {
    void new Worker('', { eval: true, ...start }).on('error', () => {}).terminate();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function whyProcessRefuses({ execArgv = [], ...start }: Start): string | undefined {
  const { status, stderr } = spawnSync(process.execPath, [...execArgv, '--version'], {
    ...start,
    encoding: 'utf8',
    timeout: 10_000,
  });
  // Null: it could not be asked.
  return status === 0 || status === null ? undefined : messageOf(stderr.trim());
}

/** The `file:` URLs of task files. */
function preload(): Option<readonly string[], readonly object[]> {
  return {
    resolve(name, value = []) {
      check(name, value, rule('a list of what taskFile() returns', Array.isArray));
      return (value as readonly unknown[]).map((file, i) => {
        const source = typeof file === 'object' && file !== null ? taskFileSource(file) : undefined;
        if (source !== undefined) return source.url;
        throw new FuturesOptionsError(
          told`The option "${name}[${i}]" must be what taskFile() returns, but is ${describe(file)}.`,
        );
      });
    },
  };
}

function isEnv(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((each) => each === undefined || typeof each === 'string');
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
