import { SHARE_ENV } from 'node:worker_threads';
import { Piscina } from 'piscina';
import {
  FuturesOptionsError,
  WorkerPool,
  processExecutor,
  taskFile,
  threadExecutor,
} from '../../src/index.js';
import { resolveOptions } from '../../src/request/futures.options.js';
import { call, startContext } from '../support/executors.js';
import { taskFolder } from '../support/task-folder.js';

const FILES = {
  'worker.tasks.mjs': `
    import { workerData } from 'node:worker_threads';
    export const variable = (name) => process.env[name];
    export const setVariable = (name, value) => { process.env[name] = value; };
    export const data = () => workerData;
    export const flags = () => process.execArgv;
    export const argv = () => process.argv.slice(2);
    export const title = () => process.title;
  `,
};

interface Tasks {
  variable(name: string): string | undefined;
  setVariable(name: string, value: string): void;
  data(): unknown;
  flags(): string[];
  argv(): string[];
  title(): string;
}

const KINDS = [
  ['thread', 'threads'],
  ['process', 'processes'],
] as const;

function tasksOf(): ReturnType<typeof taskFile<Tasks>> {
  return taskFile<Tasks>(`${taskFolder(FILES)}/worker.tasks.mjs`);
}

describe.each(KINDS)('a %s', (executor, option) => {
  async function start(options: object): Promise<WorkerPool> {
    const context = await startContext({ executor, [option]: { max: 1, ...options } });
    return context.get(WorkerPool);
  }

  it('has the environment of the app, or the one that is given', async () => {
    const tasks = tasksOf();
    const ofApp = await start({});
    expect(await ofApp.run(tasks.variable, 'PATH')).toBe(process.env.PATH);
    const own = await start({ env: { COLOUR: 'blue' } });
    expect(await own.run(tasks.variable, 'COLOUR')).toBe('blue');
    expect(await own.run(tasks.variable, 'HOME')).toBeUndefined();
  });

  it('has the flags that are given', async () => {
    const pool = await start({ execArgv: ['--no-deprecation'] });
    expect(await pool.run(tasksOf().flags)).toEqual(['--no-deprecation']);
  });

  it('has no arguments of this module', async () => {
    expect(await (await start({})).run(tasksOf().argv)).toEqual([]);
  });

  it.each([
    ['env', { env: 'PATH' }, /must be an object whose values are strings/],
    ['env', { env: { A: 1 } }, /must be an object whose values are strings/],
    ['execArgv', { execArgv: '--inspect' }, /must be a list of strings/],
    ['execArgv', { execArgv: ['--no-such-flag'] }, /has flags that Node refuses: .*--no-such-flag/],
    [
      'env',
      { env: { NODE_OPTIONS: '--no-such-flag' } },
      /has flags that Node refuses: .*--no-such-flag/,
    ],
    ['name', { name: '' }, /must be a text that is not empty/],
    ['preload', { preload: {} }, /must be a list of what taskFile\(\) returns/],
    [
      'preload[0]',
      { preload: ['./x.tasks.js'] },
      /must be what taskFile\(\) returns, but is ".\/x.tasks.js"/,
    ],
  ])('refuses a wrong %s: %j', (name, options, message) => {
    const make = () => resolveOptions({ [option]: options });
    expect(make).toThrow(FuturesOptionsError);
    expect(make).toThrow(`"${option}.${name}"`);
    expect(make).toThrow(message);
  });
});

describe('a thread', () => {
  it('has the workerData that is given, as it is', async () => {
    const tasks = tasksOf();
    for (const workerData of [{ futures: { region: 'eu' } }, [1, 2], 'text', null]) {
      const context = await startContext({ threads: { max: 1, workerData } });
      expect(await context.get(WorkerPool).run(tasks.data)).toEqual(workerData);
    }
  });

  it('may share the environment of the app', async () => {
    const tasks = tasksOf();
    const start = () => startContext({ threads: { max: 1, env: SHARE_ENV } });
    const [one, other] = [await start(), await start()];
    await one.get(WorkerPool).run(tasks.setVariable, 'SHARED_BY_THREADS', 'yes');
    expect(await other.get(WorkerPool).run(tasks.variable, 'SHARED_BY_THREADS')).toBe('yes');
  });

  it('refuses workerData that cannot be cloned', () => {
    const make = () => threadExecutor({ workerData: () => {} });
    expect(make).toThrow(/"threads.workerData" must be a value that can be cloned/);
  });

  it('of a piscina of the app has what that gives it', async () => {
    const env = { COLOUR: 'red' };
    const pool = new Piscina({
      maxThreads: 1,
      env,
      workerData: { futures: 1 },
      name: 'other',
      execArgv: [],
    });
    try {
      const context = await startContext({ threads: { pool } });
      const workers = context.get(WorkerPool);
      const tasks = tasksOf();
      expect(
        await workers.runAll([[tasks.variable, 'COLOUR'], [tasks.data], [tasks.flags]]),
      ).toEqual(['red', { futures: 1 }, []]);
      for (const options of [
        { env },
        { workerData: 1 },
        { execArgv: [] as string[] },
        { preload: [tasks] },
      ]) {
        if ('execArgv' in options) options.execArgv?.push('--no-deprecation');
        const [name] = Object.keys(options);
        expect(() => threadExecutor({ pool, ...options })).toThrow(
          `"threads.${name}" cannot be used together with "threads.pool"`,
        );
      }
    } finally {
      await pool.destroy();
    }
  });
});

describe('the name of a pool', () => {
  it('is part of where calls ran, and the title of its processes', async () => {
    const tasks = tasksOf();
    const executors = {
      reports: threadExecutor({ max: 1, name: 'reports' }),
      native: processExecutor({ max: 1, name: 'native-worker' }),
    };
    const pool = (await startContext({ executors })).get(WorkerPool);
    expect(await pool.using({ executor: 'native' }).run(tasks.title)).toBe('native-worker');
    const [outcome] = await executors.reports.run([call(tasks.title, [])], {});
    expect(outcome?.worker).toMatch(/^reports thread \d+$/);
  });
});
