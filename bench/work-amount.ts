import { work } from './tasks/work.tasks.js';

const VARIABLE = 'BENCH_ITERATIONS_PER_MS';
const TRIAL = 50_000;

/**
 * Measures once how much work this machine does in a ms, and leaves it in the environment for the
 * servers, which must all be given the same work.
 */
export function measureWork(): void {
  const perMs = Array.from({ length: 9 }, () => {
    const start = performance.now();
    work(TRIAL);
    return TRIAL / (performance.now() - start);
  });
  process.env[VARIABLE] ??= String(Math.round(Math.max(...perMs)));
}

/** How many iterations of {@link work} take so long, in ms. */
export function iterationsFor(ms: number): number {
  return Math.round(ms * Number(process.env[VARIABLE]));
}
