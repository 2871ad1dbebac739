import { isMainThread } from 'node:worker_threads';
import { taskSignal } from 'nestjs-futures/task';
import { sum } from '../sum.js';

export interface Report {
  sum: number;
  isMainThread: boolean;
  isApp: boolean;
  isAborted: boolean;
}

export async function report(a: number, b: number): Promise<Report> {
  const { double } = await import('./double.js');
  return {
    sum: double(sum(a, b)) / 2,
    isMainThread,
    isApp: 'isApp' in globalThis,
    isAborted: taskSignal().aborted,
  };
}
