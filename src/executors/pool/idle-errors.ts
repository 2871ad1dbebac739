import { Logger } from '@nestjs/common';
import type { Piscina } from 'piscina';

const logger = new Logger('Futures');

/** The pools that have an error listener of this module. */
const guarded = new WeakSet<Piscina>();

/**
 * Without a listener, an idle thread that dies or answers late would end the process. The listener
 * stays with the pool: the app's own may report such a thread after its last executor.
 */
export function guard(pool: Piscina): void {
  if (guarded.has(pool)) return;
  guarded.add(pool);
  pool.on('error', (error: unknown) => {
    // If the app has its own listener, the app reports the error.
    if (pool.listenerCount('error') === 1) logger.warn('A thread died while idle.', error);
  });
}
