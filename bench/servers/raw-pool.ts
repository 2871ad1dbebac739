import { Piscina } from 'piscina';
import { THREADS } from '../threads.js';

/**
 * A pool as a skilled hand sets it up for short tasks: as many threads as the others have, which
 * never end, no timing, and piscina's default of threads that sleep in Atomics.wait() between
 * tasks: quicker here than `atomics: 'async'` and `'disabled'`.
 *
 * @param worker the file's name in `tasks/`, without extension
 */
export function rawPool<Argument, Result>(worker: string): Piscina<Argument, Result> {
  return new Piscina<Argument, Result>({
    filename: new URL(`../tasks/${worker}.js`, import.meta.url).href,
    minThreads: THREADS,
    maxThreads: THREADS,
    recordTiming: false,
  });
}
