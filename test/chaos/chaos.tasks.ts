import { appendFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/** What request `n` is due as its `i`th value, after a computation of so many ms. */
export function compute(n: number, i: number, ms: number): string {
  spin(ms);
  return `value ${n}.${i}`;
}

/** The same, without computing. */
export async function wait(n: number, i: number, ms: number): Promise<string> {
  await setTimeout(ms);
  return `value ${n}.${i}`;
}

/** The same, and leaves a line for each time it is run. */
export async function runOnce(n: number, i: number, ms: number): Promise<string> {
  appendFileSync(process.env.CHAOS_RUNS ?? '', `${n}.${i}\n`);
  return i === 0 ? wait(n, i, ms) : compute(n, i, ms);
}

/** What follows from a value. */
export function extend(value: string): string {
  return `${value} and more`;
}

export function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

export function exit(): void {
  process.exit(1);
}

export function throwLater(): Promise<never> {
  setImmediate(() => {
    throw new Error('thrown later');
  });
  return new Promise(() => {});
}

export function rejectUnseen(): Promise<never> {
  void Promise.reject(new Error('rejected unseen'));
  return new Promise(() => {});
}
