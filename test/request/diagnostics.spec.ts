import { AsyncLocalStorage } from 'node:async_hooks';
import { type ChannelListener, tracingChannel } from 'node:diagnostics_channel';
import { BadRequestException, Controller, Get } from '@nestjs/common';
import {
  type CallMessage,
  type PassMessage,
  type RequestMessage,
  Future,
  Futures,
  FuturesService,
  WorkerPool,
} from '../../src/index.js';
import { onEachAdapter } from '../support/app.js';
import { tasks } from '../support/tasks.js';
import { until } from '../support/wait.js';

const KINDS = ['request', 'pass', 'call'] as const;
const EVENTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;

/** Notes all events of this module, in order. */
class Listener {
  readonly names: string[] = [];
  readonly messages: Record<(typeof KINDS)[number], object[]> = { request: [], pass: [], call: [] };
  readonly #undo: (() => void)[] = [];

  constructor() {
    for (const kind of KINDS) {
      const channel = tracingChannel<unknown, object>(`nestjs-futures:${kind}`);
      const all = Object.fromEntries(
        EVENTS.map((event): [string, ChannelListener] => [
          event,
          (message) => {
            this.names.push(`${kind}:${event}`);
            if (event === 'start') this.messages[kind].push(message as object);
          },
        ]),
      );
      channel.subscribe(all as never);
      this.#undo.push(() => channel.unsubscribe(all as never));
    }
  }

  close(): void {
    for (const undo of this.#undo) undo();
  }

  count(name: string): number {
    return this.names.filter((each) => each === name).length;
  }
}

@Controller()
class Desk {
  @Get('sum')
  sum(@Futures() futures: FuturesService) {
    return futures.resultOrSubmit('sum', 0, tasks.add, 1, 2);
  }

  @Get('fails')
  fails(@Futures() futures: FuturesService) {
    return futures.resultOrSubmit('x', '', tasks.fail, 'no paper');
  }

  @Get('bad')
  bad(@Futures() _futures: FuturesService) {
    throw new BadRequestException('no');
  }

  @Get('declared')
  declared(@Future('sum', { task: tasks.add, args: () => [3, 4] }) sum: number) {
    return sum;
  }
}

onEachAdapter('the diagnostics channels', (start) => {
  let listener: Listener;
  beforeEach(() => {
    listener = new Listener();
  });
  afterEach(() => listener.close());

  it('tell of a request, its passes and its calls, in order', async () => {
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/sum')).body).toBe(3);
    await until('the end of the request', () => listener.count('request:asyncEnd') === 1);
    expect(listener.names.filter((name) => /:(start|asyncEnd)$/.test(name))).toEqual([
      'request:start',
      'pass:start',
      'pass:asyncEnd',
      'call:start',
      'call:asyncEnd',
      'pass:start',
      'pass:asyncEnd',
      'request:asyncEnd',
    ]);
    for (const kind of KINDS) {
      const starts = listener.count(`${kind}:start`);
      expect(listener.count(`${kind}:end`)).toBe(starts);
      expect(listener.count(`${kind}:asyncStart`)).toBe(starts);
    }
    const [request] = listener.messages.request as [RequestMessage];
    expect(request).toEqual({
      app: app.app.get(WorkerPool).app,
      handler: 'Desk.sum',
      outcome: 'published',
      transport: 'http',
      passes: 2,
    });
    expect(listener.messages.pass).toEqual([
      { request, pass: 1, outcome: 'discarded', pending: ['sum'] },
      { request, pass: 2, outcome: 'published' },
    ] satisfies PassMessage[]);
    const [call] = listener.messages.call as [CallMessage];
    expect(call).toMatchObject({
      request,
      pass: 1,
      executor: 'thread',
      call: { key: 'sum', task: { id: 'basic.add' } },
      outcome: { status: 'resolved', value: 3, worker: expect.stringContaining('thread') },
    });
    expect(call.error).toBeUndefined();
  });

  it('tell which call, which pass and which request have failed, and with what', async () => {
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/fails')).status).toBe(500);
    expect((await app.get('/bad')).status).toBe(400);
    expect(listener.count('call:error')).toBe(1);
    expect(listener.count('pass:error')).toBe(2);
    expect(listener.count('request:error')).toBe(2);
    const [call] = listener.messages.call as [CallMessage];
    expect(call.error).toMatchObject({ message: 'no paper' });
    const [fails, bad] = listener.messages.request as [RequestMessage, RequestMessage];
    expect(fails).toMatchObject({ handler: 'Desk.fails', passes: 2, error: call.error });
    expect(bad).toMatchObject({ handler: 'Desk.bad', passes: 1 });
    expect(bad.error).toBeInstanceOf(BadRequestException);
    expect(listener.messages.pass.at(-1)).toMatchObject({ outcome: 'failed', error: bad.error });
  });

  it('tell of calls without a request: of a WorkerPool, and of declared futures', async () => {
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/declared')).body).toBe(7);
    await app.app.get(WorkerPool).runAllSettled([
      [tasks.add, 1, 2],
      [tasks.fail, 'no paper'],
    ]);
    expect(listener.messages.request).toEqual([]);
    const found = (listener.messages.call as CallMessage[]).map(({ call, pass, outcome }) => [
      call.task.id,
      pass,
      outcome?.status,
    ]);
    expect(found).toEqual([
      ['basic.add', 1, 'resolved'],
      ['basic.add', undefined, 'resolved'],
      ['basic.fail', undefined, 'failed'],
    ]);
  });

  it.each(['handler', 'request'] as const)(
    'begin and end each request once, also in many at a time (replay: %s)',
    async (replay) => {
      const app = await start({ controllers: [Desk], futures: { replay, strict: true } });
      const paths = Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? '/fails' : '/sum'));
      await Promise.all(paths.map((path) => app.get(path)));
      await until('the ends of the requests', () => listener.count('request:asyncEnd') >= 40);
      for (const kind of KINDS) {
        expect(listener.count(`${kind}:asyncEnd`)).toBe(listener.count(`${kind}:start`));
      }
      expect(listener.count('request:start')).toBe(40);
      expect(listener.count('request:error')).toBe(10);
    },
  );

  it('run handlers in the stores that are bound to the start of a pass', async () => {
    const store = new AsyncLocalStorage<string>();
    const { start: began } = tracingChannel<string, PassMessage>('nestjs-futures:pass');
    began.bindStore(store, ({ pass }) => `pass ${pass}`);
    const seen: (string | undefined)[] = [];

    @Controller()
    class Page {
      @Get()
      async page(@Futures() futures: FuturesService) {
        await new Promise(setImmediate);
        seen.push(store.getStore());
        return futures.resultOrSubmit('sum', 0, tasks.add, 1, 2);
      }
    }

    const app = await start({ controllers: [Page] });
    await app.get('/');
    began.unbindStore(store);
    expect(seen).toEqual(['pass 1', 'pass 2']);
  });
});

onEachAdapter('without a listener', (start) => {
  it('nothing is made, and requests run as ever', async () => {
    const app = await start({ controllers: [Desk] });
    expect((await app.get('/sum')).body).toBe(3);
    const listener = new Listener();
    expect((await app.get('/sum')).body).toBe(3);
    listener.close();
    const heard = listener.names.length;
    expect(heard).toBeGreaterThan(0);
    expect((await app.get('/sum')).body).toBe(3);
    expect(listener.names).toHaveLength(heard);
  });
});
