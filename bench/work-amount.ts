import { work } from './tasks/work.tasks.js';

const VARIABLE = 'BENCH_ITERATIONS_PER_MS';
const TRIAL = 50_000;

/**
 * Measures once how much work this machine does in 1 ms, and puts it into the environment for the
 * servers, which must all get the same amount of work.
 */
export function measureWork(): void {
  const perMs = Array.from({ length: 9 }, () => {
    const start = performance.now();
    work(TRIAL);
    return TRIAL / (performance.now() - start);
  });
  process.env[VARIABLE] ??= String(Math.round(Math.max(...perMs)));
}

/** How many iterations of {@link work} take `ms` milliseconds. */
export function iterationsFor(ms: number): number {
  return Math.round(ms * Number(process.env[VARIABLE]));
}
