import { Piscina } from 'piscina';
import { THREADS } from '../threads.js';

/**
 * A pool as a skilled hand sets it up: as many threads as the others have, which never end, no
 * timing, and piscina's default of threads that sleep in Atomics.wait() between tasks, which is
 * quicker with all of these tasks than `atomics: 'async'`, and that than `'disabled'`. One task a
 * thread at a time: with more, which is quicker with very short ones, they would wait behind long
 * ones.
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
