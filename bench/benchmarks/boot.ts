import type { AdapterName, Benchmark, Measured } from '../benchmark.js';
import { inTurns } from '../rounds.js';
import { Server } from '../servers/server.js';
import { echoed } from './echo.js';

const WITHOUT = { name: 'without the module', app: 'boot/without', first: undefined };
const WITH = { name: 'with it', app: 'plain-futures/request', first: '/future' };
const RAW = { name: 'piscina by hand', app: 'boot/raw', first: '/future' };
const CONTENDERS = [WITHOUT, WITH, RAW] as const;

type Contender = (typeof CONTENDERS)[number];

const MB = 2 ** 20;
/** How much longer an app with the module may take to listen, in ms. */
const LIMIT = 10;
/** Start times vary more than requests do, and by more than the limit. */
const STARTS_PER_ROUND = 3;

interface Boot {
  readonly 'RSS, MB': number;
  /** From the first request that needs a thread until its response. */
  readonly 'first task, ms': number;
  readonly 'RSS after it, MB': number;
}

/** What the module adds to an app's start. */
export const boot: Benchmark = {
  name: 'boot',
  title: 'an app from the start of its process until it listens, and its first task',
  run: async ({ rounds, adapters }) => {
    // The adapter makes no difference here.
    const [adapter] = adapters;
    if (adapter === undefined) return [];
    const starts = await inTurns<Contender, number>(
      [WITHOUT, WITH],
      rounds * STARTS_PER_ROUND,
      ({ app }) => startOnce(app, adapter),
    );
    const boots = await inTurns<Contender, Boot>(CONTENDERS, rounds, (each) =>
      bootOnce(each, adapter),
    );
    return [...startRows(starts, adapter), ...bootRows(boots, adapter)];
  },
};

/** Resolves to how long it took until the app listened, in ms. */
async function startOnce(app: string, adapter: AdapterName): Promise<number> {
  const server = await Server.start(app, adapter);
  await server.stop();
  return server.listenedAfter;
}

async function bootOnce({ app, first }: Contender, adapter: AdapterName): Promise<Boot> {
  const server = await Server.start(app, adapter);
  try {
    const before = await server.memory();
    const start = performance.now();
    if (first !== undefined) {
      const body = await (await fetch(server.url + first)).text();
      if (body !== echoed(1)) throw new Error(`${app} answered ${body}`);
    }
    return {
      'RSS, MB': before.rss / MB,
      'first task, ms': performance.now() - start,
      'RSS after it, MB': (await server.memory()).rss / MB,
    };
  } finally {
    await server.stop();
  }
}

function startRows(
  starts: ReadonlyMap<Contender, readonly number[]>,
  adapter: AdapterName,
): Measured[] {
  const row = { adapter, measure: 'listens after, ms', better: 'lower' } as const;
  const values = starts.get(WITHOUT) ?? [];
  return [
    { ...row, contender: WITHOUT.name, values },
    {
      ...row,
      contender: WITH.name,
      values: starts.get(WITH) ?? [],
      baseline: { contender: WITHOUT.name, values },
      goal: { of: 'difference', atMost: LIMIT },
    },
  ];
}

function bootRows(
  boots: ReadonlyMap<Contender, readonly Boot[]>,
  adapter: AdapterName,
): Measured[] {
  const values = (contender: Contender, measure: keyof Boot) =>
    (boots.get(contender) ?? []).map((each) => each[measure]);
  const row = (contender: Contender, measure: keyof Boot, against?: Contender): Measured => ({
    adapter,
    contender: contender.name,
    measure,
    better: 'lower',
    values: values(contender, measure),
    baseline: against && { contender: against.name, values: values(against, measure) },
  });
  return [
    row(WITHOUT, 'RSS, MB'),
    row(WITH, 'RSS, MB', WITHOUT),
    row(RAW, 'first task, ms'),
    row(WITH, 'first task, ms', RAW),
    row(RAW, 'RSS after it, MB'),
    row(WITH, 'RSS after it, MB', RAW),
  ];
}
