import type { AdapterName, Benchmark, Measured } from '../benchmark.js';
import { Server } from '../servers/server.js';
import { echoed } from './echo.js';

const WITHOUT = { name: 'without the module', app: 'boot/without', first: undefined };
const WITH = { name: 'with it', app: 'plain-futures/request', first: '/future' };
const RAW = { name: 'piscina by hand', app: 'boot/raw', first: '/future' };
const CONTENDERS = [WITHOUT, WITH, RAW] as const;

type Contender = (typeof CONTENDERS)[number];

const MB = 2 ** 20;
/** How much longer an app may take to listen, in ms. */
const LIMIT = 10;
/** Starts of a process vary more than requests do. */
const STARTS_PER_ROUND = 2;

interface Boot {
  readonly 'listens after, ms': number;
  readonly 'RSS, MB': number;
  /** From the first request that needs a thread to its response. */
  readonly 'first task, ms': number;
  readonly 'RSS after it, MB': number;
}

/** What the module adds to the start of an app. */
export const boot: Benchmark = {
  name: 'boot',
  title: 'an app from the start of its process until it listens, and its first task',
  run: async ({ rounds, adapters }) => {
    // What is compared is the same on each adapter.
    const [adapter] = adapters;
    if (adapter === undefined) return [];
    const boots = new Map<Contender, Boot[]>(CONTENDERS.map((each) => [each, []]));
    for (let round = 0; round < rounds * STARTS_PER_ROUND; round++) {
      for (const each of round % 2 === 0 ? CONTENDERS : CONTENDERS.toReversed()) {
        boots.get(each)?.push(await bootOnce(each, adapter));
      }
    }
    return rowsOf(boots, adapter);
  },
};

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
      'listens after, ms': server.listenedAfter,
      'RSS, MB': before.rss / MB,
      'first task, ms': performance.now() - start,
      'RSS after it, MB': (await server.memory()).rss / MB,
    };
  } finally {
    await server.stop();
  }
}

function rowsOf(boots: ReadonlyMap<Contender, readonly Boot[]>, adapter: AdapterName): Measured[] {
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
    row(WITHOUT, 'listens after, ms'),
    {
      ...row(WITH, 'listens after, ms', WITHOUT),
      goal: { of: 'difference', atMost: LIMIT },
    },
    row(WITHOUT, 'RSS, MB'),
    row(WITH, 'RSS, MB', WITHOUT),
    row(RAW, 'first task, ms'),
    row(WITH, 'first task, ms', RAW),
    row(RAW, 'RSS after it, MB'),
    row(WITH, 'RSS after it, MB', RAW),
  ];
}
