import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';

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

export function echo(data: unknown[]): unknown[] {
  return data;
}

/** Stands at a port until it is sent something. */
export async function meet(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'data');
  socket.destroy();
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

/** From now on what this worker writes as JSON is none. */
export function poison(n: number): string {
  JSON.stringify = () => '{"value": ';
  return `value ${n}.0`;
}

/** From now on nothing but `null` is sent from this worker. */
export function mute(n: number): string {
  const port: { postMessage(message: unknown): void } | null = parentPort;
  if (port === null) {
    const send = process.send?.bind(process);
    process.send = () => send?.(null) ?? false;
  } else {
    const post = port.postMessage.bind(port);
    port.postMessage = () => post(null);
  }
  return `value ${n}.0`;
}

/** Returns, and its worker never comes to itself again. */
export function leaveTimerLoop(n: number): string {
  globalThis.setTimeout(() => spin(Infinity));
  return `value ${n}.0`;
}

export function leaveMicrotaskLoop(n: number): string {
  const again = (): Promise<void> => Promise.resolve().then(again);
  setImmediate(() => void again());
  return `value ${n}.0`;
}
