import type { DynamicModule } from '@nestjs/common';
import { FuturesModule } from 'nestjs-futures';
import { THREADS } from '../threads.js';

/** The module with as many threads as the other pools have, and a queue that refuses nothing. */
export function futuresModule(scope: 'request' | 'singleton' = 'request'): DynamicModule {
  return FuturesModule.forRoot({
    scope,
    threads: { min: THREADS, max: THREADS, maxQueue: 1_000_000 },
  });
}
