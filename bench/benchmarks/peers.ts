import type { Benchmark, Measured } from '../benchmark.js';
import { spreadOf } from '../statistics.js';
import { throughput } from '../throughput.js';
import { echoed } from './echo.js';

const OURS = '@Futures()';

const compared = throughput({
  name: 'peers',
  title: 'ten echo tasks in a request, over other pools',
  isOnOneAdapter: true,
  body: echoed(10),
  contenders: [
    { name: 'piscina', app: 'raw/piscina', path: '/raw/ten' },
    { name: 'tinypool', app: 'peers/tinypool', path: '/ten' },
    { name: 'workerpool', app: 'peers/workerpool', path: '/ten' },
    { name: 'poolifier', app: 'peers/poolifier', path: '/ten' },
    { name: OURS, app: 'futures/parameters', path: '/parameter/ten' },
  ],
});

/** Other pools, used by hand; this module must be the fastest. */
export const peers: Benchmark = {
  ...compared,
  run: async (settings) => {
    const measured = await compared.run(settings);
    return measured.map((row) => (isOurs(row) ? againstBest(row, measured) : row));
  },
};

function isOurs({ contender, measure }: Measured): boolean {
  return contender === OURS && measure === 'requests/s';
}

function againstBest(ours: Measured, measured: readonly Measured[]): Measured {
  const best = measured
    .filter((row) => row.measure === ours.measure && row !== ours)
    .reduce((a, b) => (spreadOf(a.values).median >= spreadOf(b.values).median ? a : b));
  return Object.assign(ours, {
    baseline: { contender: best.contender, values: best.values },
    goal: { of: 'ratio', atLeast: 1 },
  });
}
