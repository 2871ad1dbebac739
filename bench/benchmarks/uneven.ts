import type { AdapterName, Benchmark, Measured, Settings } from '../benchmark.js';
import { send } from '../load/load.js';
import { inRounds } from '../rounds.js';

const RAW = { name: 'Promise.all of piscina.run()', app: 'work/raw' };
const OURS = { name: '@Futures()', app: 'work/futures' };

/** How well tasks of different lengths are spread over the threads. */
export const uneven: Benchmark = {
  name: 'uneven',
  title: '16 tasks of 1 to 50 ms of CPU work in a request, one request at a time',
  run: async (settings) => {
    const measured: Measured[] = [];
    // The adapter makes no difference here.
    const [adapter] = settings.adapters;
    if (adapter !== undefined) measured.push(...(await onAdapter(settings, adapter)));
    return measured;
  },
};

async function onAdapter({ rounds, seconds }: Settings, adapter: AdapterName): Promise<Measured[]> {
  // One request takes about 150 ms on two cores.
  const amount = Math.ceil(7 * seconds);
  const values = await inRounds({
    contenders: [RAW, OURS],
    adapter,
    rounds,
    measure: (_contender, { url }) =>
      send({ url: `${url}/uneven`, connections: 1, amount, body: '{"done":16}' }),
  });
  const row = { adapter, measure: 'ms', better: 'lower' } as const;
  const raw = values.get(RAW) ?? [];
  return [
    { ...row, contender: RAW.name, values: raw },
    {
      ...row,
      contender: OURS.name,
      values: values.get(OURS) ?? [],
      baseline: { contender: RAW.name, values: raw },
      goal: { of: 'ratio', atMost: 1.02 },
    },
  ];
}
