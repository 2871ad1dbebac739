import { Piscina } from 'piscina';
import { THREADS } from '../threads.js';

/**
 * A pool as an expert would set it up: as many threads as the other pools have, which never exit,
 * and no timing. Threads sleep in Atomics.wait() between tasks, which is piscina's default, and
 * faster for all of these tasks than `atomics: 'async'`, which in turn is faster than `'disabled'`.
 * Each thread runs one task at a time: more would be faster for very short tasks, but they would
 * wait behind long ones.
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
