import type { AdapterName, Benchmark, Measured, Settings } from '../benchmark.js';
import { probe } from '../load/probe.js';
import { inRounds, loadOnce } from '../rounds.js';
import type { Server } from '../servers/server.js';
import { THREADS } from '../threads.js';
import { echoed } from './echo.js';

const INLINE = { name: 'on the event loop', app: 'work/inline' };
const RAW = { name: 'await piscina.run()', app: 'work/raw' };
const OURS = { name: '@Futures()', app: 'work/futures' };

/** One round's figures for a contender. */
interface Figures {
  readonly 'requests/s': number;
  readonly 'plain route p99, ms': number;
  readonly 'event loop delay p99, ms': number;
}

/** Heavy work, and how much it slows down a light route of the same server. */
export const cpu: Benchmark = {
  name: 'cpu',
  title: 'one task of 20 ms of CPU work in a request, 16 connections; a plain route beside it',
  run: async (settings) => {
    // The adapter makes no difference here.
    const [adapter] = settings.adapters;
    return adapter === undefined ? [] : onAdapter(settings, adapter);
  },
};

async function onAdapter({ rounds, seconds }: Settings, adapter: AdapterName): Promise<Measured[]> {
  const figures = await inRounds({
    contenders: [INLINE, RAW, OURS],
    adapter,
    rounds,
    measure: (_contender, server) => measure(server, 2 * seconds),
  });
  const values = (of: typeof RAW, name: keyof Figures) =>
    (figures.get(of) ?? []).map((round) => round[name]);
  const row = (
    of: typeof RAW,
    name: keyof Figures,
    against?: typeof RAW,
    atLeast?: number,
  ): Measured => ({
    adapter,
    contender: of.name,
    measure: name,
    better: name === 'requests/s' ? 'higher' : 'lower',
    values: values(of, name),
    baseline: against && { contender: against.name, values: values(against, name) },
    goal: atLeast === undefined ? undefined : { of: 'ratio', atLeast },
  });
  return [
    row(INLINE, 'requests/s'),
    row(RAW, 'requests/s', INLINE),
    row(OURS, 'requests/s', INLINE, 0.95 * THREADS),
    row(OURS, 'requests/s', RAW, 0.98),
    ...[INLINE, RAW, OURS].map((each) => row(each, 'plain route p99, ms')),
    ...[INLINE, RAW, OURS].map((each) => row(each, 'event loop delay p99, ms')),
  ];
}

async function measure(server: Server, seconds: number): Promise<Figures> {
  const { url } = server;
  await server.watch();
  const load = loadOnce({ url: `${url}/long`, connections: 16, seconds, body: '{"done":1}' });
  const p99 = await probe(`${url}/plain`, echoed(1), load);
  const { throughput } = await load;
  const { delay } = await server.watched();
  return {
    'requests/s': throughput,
    'plain route p99, ms': p99,
    'event loop delay p99, ms': delay,
  };
}
