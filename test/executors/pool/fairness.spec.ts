import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { FairQueue } from '../../../src/executors/pool/fair-queue.js';
import { CallHistory } from '../../../src/executors/pool/history.js';
import { Batch, type Job } from '../../../src/executors/pool/job.js';
import { JobQueue } from '../../../src/executors/pool/job-queue.js';
import {
  type Call,
  ExecutorSaturatedError,
  FutureTimeoutError,
  type Outcome,
} from '../../../src/index.js';
import { block, call, run, startThreads } from '../../support/executors.js';
import { tasks } from '../../support/tasks.js';

/** Runs calls, each as a batch of its own, and notes their names in the order in which they end. */
class Finish {
  readonly names: string[] = [];
  readonly outcomes = new Map<string, Outcome>();
  readonly #all: Promise<unknown>[] = [];

  constructor(readonly executor = startThreads({ max: 1 })) {}

  start(name: string, each: Call, source: object = {}): Promise<unknown> {
    const ended = this.executor.run([each], source).then(([outcome]) => {
      this.names.push(name);
      this.outcomes.set(name, outcome as Outcome);
    });
    this.#all.push(ended);
    return ended;
  }

  async ended(): Promise<string[]> {
    await Promise.all(this.#all);
    return this.names;
  }

  error(name: string): unknown {
    return this.outcomes.get(name)?.value;
  }
}

const spin = (options: Partial<Call> = {}) => call(tasks.spin, [1], options);

describe('shares', () => {
  it.each([
    ['short calls', () => call(tasks.add, [1, 2]), 200],
    ['long calls', () => spin(), 200],
  ])('a call does not wait for the %s that another batch has left', async (_, make, count) => {
    const executor = startThreads({ max: 1 });
    // So that the pool knows how long they run.
    for (let i = 0; i < 3; i++) await run(executor, make());
    const before = executor.stats().resolved;
    const blocker = await block(executor);
    const bulk = run(executor, ...Array.from({ length: count }, make));
    let isBulkDone = false;
    void bulk.then(() => (isBulkDone = true));
    const alone = run(executor, make());
    await blocker.open();
    await alone;
    expect(isBulkDone).toBe(false);
    expect(executor.stats().resolved - before).toBeLessThan(count);
    await bulk;
  });

  it('take turns: a named share with more calls does not get more turns', async () => {
    const finish = new Finish();
    const blocker = await block(finish.executor);
    for (let i = 0; i < 20; i++) void finish.start('many', spin({ share: 'many' }));
    for (let i = 0; i < 5; i++) void finish.start('few', spin({ share: 'few' }));
    await blocker.open();
    const names = await finish.ended();
    expect(names.slice(0, 10).filter((each) => each === 'few')).toHaveLength(5);
  });

  it('without a name are one per caller', async () => {
    const finish = new Finish();
    const blocker = await block(finish.executor);
    const request = () => ({ isCancelled: false, addListener() {}, removeListener() {} });
    const requests = [request(), request()];
    for (let i = 0; i < 20; i++) void finish.start('many', spin(), requests[0]);
    for (let i = 0; i < 5; i++) void finish.start('few', spin(), requests[1]);
    await blocker.open();
    const names = await finish.ended();
    expect(names.slice(0, 10).filter((each) => each === 'few')).toHaveLength(5);
  });

  it('get their turns, though new ones come all the time', async () => {
    const executor = startThreads({ max: 1 });
    for (let i = 0; i < 3; i++) await run(executor, spin());
    const flood = { isOver: false, served: 0 };
    const clients = Array.from({ length: 6 }, async () => {
      while (!flood.isOver && flood.served < 2_000) {
        await run(executor, spin());
        flood.served++;
      }
    });
    await run(executor, ...Array.from({ length: 12 }, () => spin()));
    flood.isOver = true;
    await Promise.all(clients);
    // Each of the seven gets about every seventh turn: 12 of its own, and 72 of the others.
    expect(flood.served).toBeLessThan(400);
  });

  it('do as much work as their weights say', async () => {
    const finish = new Finish();
    const blocker = await block(finish.executor);
    for (let i = 0; i < 40; i++) {
      void finish.start('heavy', spin({ share: 'heavy', weight: 3 }));
      void finish.start('light', spin({ share: 'light' }));
    }
    await blocker.open();
    const names = await finish.ended();
    const heavy = names.slice(0, 40).filter((each) => each === 'heavy').length;
    expect(heavy).toBeGreaterThanOrEqual(29);
    expect(heavy).toBeLessThanOrEqual(31);
  });

  it('that come later do not make up for the turns that they had no calls for', async () => {
    const finish = new Finish();
    const blocker = await block(finish.executor);
    for (let i = 0; i < 30; i++) void finish.start('early', spin({ share: 'early' }));
    await blocker.open();
    while (finish.names.length < 10) await new Promise(setImmediate);
    const second = await block(finish.executor);
    const sinceThen = finish.names.length;
    for (let i = 0; i < 10; i++) void finish.start('late', spin({ share: 'late' }));
    await second.open();
    const names = await finish.ended();
    const next = names.slice(sinceThen, sinceThen + 10);
    expect(next.filter((each) => each === 'early').length).toBeGreaterThanOrEqual(4);
  });

  it('are forgotten when their callers are gone, though the queue is never empty', async () => {
    const queue = new FairQueue();
    const history = new CallHistory();
    const push = (owner: object) => {
      const { jobs } = new Batch([call(tasks.add, [1, 2])], 0, owner, history, () => {});
      queue.push(jobs[0] as Job);
    };
    push({});
    const owners = Array.from({ length: 5_000 }, () => {
      const owner = {};
      push(owner);
      queue.shift(queue.peek() as Job);
      return new WeakRef(owner);
    });
    // Until the end of this turn, a WeakRef keeps what it stands for.
    await new Promise(setImmediate);
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
    expect(owners.filter((each) => each.deref() !== undefined).length).toBeLessThan(2_000);
    expect(queue.size).toBe(1);
  });
});

describe('priorities', () => {
  it('decide which calls start first, whenever they came', () => {
    const queue = new JobQueue();
    const history = new CallHistory();
    const calls = (['low', 'normal', 'high', 'low', undefined, 'high'] as const).map(
      (priority, i) => call(tasks.spin, [1], { priority, key: `${priority ?? 'unnamed'} ${i}` }),
    );
    for (const each of calls) {
      const { jobs } = new Batch([each], 0, undefined, history, () => {});
      queue.push(jobs[0] as Job);
    }
    const keys: (string | undefined)[] = [];
    for (let job = queue.peek(); job !== undefined; job = queue.peek()) {
      queue.shift(job);
      keys.push(job.call.key);
    }
    expect(keys).toEqual(['high 2', 'high 5', 'normal 1', 'unnamed 4', 'low 0', 'low 3']);
  });

  it('do not starve a call of a low one', async () => {
    const finish = new Finish();
    const blocker = await block(finish.executor);
    void finish.start('low', call(tasks.spin, [1], { priority: 'low' }));
    for (let i = 0; i < 40; i++) {
      void finish.start('high', call(tasks.spin, [50], { priority: 'high' }));
    }
    await blocker.open();
    const names = await finish.ended();
    expect(names.indexOf('low')).toBeLessThan(38);
  });

  it('let calls of a higher one displace the newest of a lower one when the queue is full', async () => {
    const finish = new Finish(startThreads({ max: 1, maxQueue: 4 }));
    const blocker = await block(finish.executor);
    void finish.start('normal 1', spin());
    for (const n of [1, 2, 3]) void finish.start(`low ${n}`, spin({ priority: 'low' }));
    await finish.start('low 4', spin({ priority: 'low' }));
    void finish.start('high 1', spin({ priority: 'high' }));
    void finish.start('high 2', spin({ priority: 'high' }));
    void finish.start('normal 2', spin());
    await blocker.open();
    const names = await finish.ended();
    for (const dropped of ['low 4', 'low 3', 'low 2', 'low 1']) {
      expect(finish.error(dropped)).toBeInstanceOf(ExecutorSaturatedError);
    }
    expect(names.slice(0, 4)).toEqual(['low 4', 'low 3', 'low 2', 'low 1']);
    expect(names.slice(4).toSorted()).toEqual(['high 1', 'high 2', 'normal 1', 'normal 2']);
    expect((finish.error('low 2') as Error).message).toContain('higher priority');
  });

  it('refuse a batch that does not fit even so, and displace nothing for it', async () => {
    const finish = new Finish(startThreads({ max: 1, maxQueue: 4 }));
    const blocker = await block(finish.executor);
    void finish.start('low', spin({ priority: 'low' }));
    for (let i = 0; i < 3; i++) void finish.start('high', spin({ priority: 'high' }));
    const errors = await run(finish.executor, spin(), spin());
    expect(errors.every((each) => each instanceof ExecutorSaturatedError)).toBe(true);
    await blocker.open();
    await finish.ended();
    expect(finish.outcomes.get('low')?.status).toBe('resolved');
  });
});

describe('a deadline', () => {
  const within = (ms: number, each = call(tasks.spin, [20])) => ({
    ...each,
    deadline: performance.now() + ms,
  });

  it('that the waiting calls make impossible has the call refused at once, with 503', async () => {
    const executor = startThreads({ max: 1 });
    for (let i = 0; i < 2; i++) await run(executor, call(tasks.spin, [20]));
    const blocker = await block(executor);
    const waiting = run(executor, ...Array.from({ length: 20 }, () => call(tasks.spin, [20])));
    // Its own share would wait for its turn only, so it must be of the same one.
    const mates = Array.from({ length: 20 }, () => call(tasks.spin, [20], { share: 'a' }));
    const busy = run(executor, ...mates);
    const late = within(100, call(tasks.spin, [20], { share: 'a', key: 'late' }));
    const [error] = await run(executor, late);
    expect(error).toBeInstanceOf(ExecutorSaturatedError);
    expect(error).toMatchObject({ key: 'late', retryAfter: expect.any(Number) });
    expect((error as Error).message).toMatch(/deadline is in \d+ ms, .* would end in about \d+ ms/);
    const inTime = run(executor, within(60_000, call(tasks.spin, [20], { share: 'a' })));
    await blocker.open();
    expect(await inTime).toEqual([expect.any(Number)]);
    await Promise.all([waiting, busy]);
  });

  it.each([
    ['of a higher priority', { priority: 'high' }],
    ['of as many shares', {}],
  ] as const)('counts the calls %s that wait before it', async (_, options) => {
    const executor = startThreads({ max: 1 });
    for (let i = 0; i < 3; i++) await run(executor, call(tasks.spin, [20]));
    const blocker = await block(executor);
    const waiting = Array.from({ length: 30 }, () =>
      run(executor, call(tasks.spin, [20], options)),
    );
    const [error] = await run(executor, within(100));
    expect(error).toBeInstanceOf(ExecutorSaturatedError);
    await blocker.open();
    await Promise.all(waiting);
  });

  it('refuses with a time after which the queue will be empty, also after a quiet time', async () => {
    const executor = startThreads({ max: 1, maxQueue: 10 });
    for (let i = 0; i < 3; i++) await run(executor, call(tasks.spin, [20]));
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const blocker = await block(executor);
    const waiting = run(executor, ...Array.from({ length: 10 }, () => call(tasks.spin, [20])));
    const [error] = await run(executor, call(tasks.spin, [20]));
    // Ten calls of 20 ms, or a few times that on a busy machine.
    expect((error as ExecutorSaturatedError).retryAfter).toBeLessThanOrEqual(2);
    await blocker.open();
    await waiting;
  });

  it('that passes in the queue has the call never start, with 504', async () => {
    const executor = startThreads({ max: 1 });
    const blocker = await block(executor);
    const [error] = await run(executor, within(50, call(tasks.echo<string>, ['x'], { key: 'k' })));
    expect(error).toBeInstanceOf(FutureTimeoutError);
    expect(error).toMatchObject({ phase: 'deadline', key: 'k' });
    expect((error as FutureTimeoutError).getStatus()).toBe(504);
    expect((error as Error).message).toContain('could not start before its deadline');
    await blocker.open();
    expect(executor.stats()).toMatchObject({ resolved: 1, failed: 1, queued: 0 });
  });

  it('that has passed already has the call never start', async () => {
    const [error] = await run(startThreads(), within(-5, call(tasks.echo<string>, ['x'])));
    expect(error).toMatchObject({ phase: 'deadline' });
  });

  it('does not keep a call from a free worker, though it has run for longer before', async () => {
    const executor = startThreads({ max: 1 });
    await run(executor, call(tasks.spin, [300]));
    expect(await run(executor, within(100, call(tasks.spin, [1])))).toEqual([expect.any(Number)]);
  });
});
