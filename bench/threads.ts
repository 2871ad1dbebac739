import { availableParallelism } from 'node:os';

/** Number of worker threads in every pool. */
export const THREADS = availableParallelism();
