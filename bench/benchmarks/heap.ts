import type { AdapterName, Benchmark, Measured, Settings } from '../benchmark.js';
import { send } from '../load/load.js';
import { Server } from '../servers/server.js';
import { echoed } from './echo.js';

const MB = 2 ** 20;
/** Requests after the warm-up: fewer if all benchmarks run, so that they finish in time. */
const REQUESTS = { named: 1_000_000, amongOthers: 100_000 } as const;
const ROUNDS = 10;
/** How much larger than after the warm-up the heap may be at the end, in MB. */
const LIMIT = 2;

/** Whether requests leak memory. */
export const heap: Benchmark = {
  name: 'heap',
  title: `two-pass requests in ${ROUNDS} rounds after one of warm-up; after each, garbage is collected`,
  run: async (settings) => {
    const [adapter] = settings.adapters;
    return adapter === undefined ? [] : onAdapter(settings, adapter);
  },
};

async function onAdapter({ isNamed }: Settings, adapter: AdapterName): Promise<Measured[]> {
  const requests = isNamed ? REQUESTS.named : REQUESTS.amongOthers;
  const server = await Server.start('futures/parameters', adapter, ['--expose-gc']);
  try {
    const memories: Awaited<ReturnType<typeof server.memory>>[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      await send({
        url: `${server.url}/parameter/one`,
        connections: 64,
        body: echoed(1),
        amount: Math.round(requests / ROUNDS),
      });
      memories.push(await server.memory());
    }
    const [first] = memories;
    const growth = (of: 'heap' | 'external' | 'rss') =>
      memories.slice(1).map((memory) => (memory[of] - (first?.[of] ?? 0)) / MB);
    const row = { adapter, better: 'lower' } as const;
    const contender = `${requests} requests`;
    return [
      {
        ...row,
        contender,
        measure: 'heap growth at the end, MB',
        values: growth('heap').slice(-3),
        goal: { of: 'value', atMost: LIMIT },
      },
      {
        ...row,
        contender,
        measure: 'external growth at the end, MB',
        values: growth('external').slice(-3),
      },
      { ...row, contender, measure: 'RSS growth at the end, MB', values: growth('rss').slice(-3) },
      {
        ...row,
        contender,
        measure: 'heap, MB',
        values: memories.map((memory) => memory.heap / MB),
      },
    ];
  } finally {
    await server.stop();
  }
}
