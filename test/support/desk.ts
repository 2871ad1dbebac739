import { Controller, Get, type Type } from '@nestjs/common';
import { Futures, FuturesService } from '../../src/index.js';

/** A controller whose one route is the function. */
export function desk(page: (futures: FuturesService) => unknown): Type {
  @Controller()
  class Desk {
    @Get()
    page(@Futures() futures: FuturesService) {
      return page(futures);
    }
  }
  return Desk;
}

export function errorOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

/** An inline task that keeps what it was called with. */
export function recorder() {
  const calls: string[] = [];
  const record = (name: string) => {
    calls.push(name);
    return name;
  };
  return { calls, record };
}
