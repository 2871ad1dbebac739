import { isMainThread } from 'node:worker_threads';
import { NotFoundException } from '@nestjs/common';

export function report(a, b) {
  return { sum: a + b, isMainThread };
}

export function missing(what) {
  throw new NotFoundException(`No ${what}`);
}
