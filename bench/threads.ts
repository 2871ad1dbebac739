import { availableParallelism } from 'node:os';

/** How many worker threads every pool has. */
export const THREADS = availableParallelism();
