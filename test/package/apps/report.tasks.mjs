import { isMainThread } from 'node:worker_threads';
import { NotFoundException } from '@nestjs/common';
import { taskSignal } from 'nestjs-futures/task';

export function report(a, b) {
  return { sum: a + b, isMainThread, pid: process.pid, isAborted: taskSignal().aborted };
}

export function missing(what) {
  throw new NotFoundException(`No ${what}`);
}
