import { setTimeout } from 'node:timers/promises';

/** Takes longer than a clock that has stepped leaves to a wrong deadline. */
export async function takeTwoSeconds() {
  await setTimeout(2_000);
  return 'done';
}

export async function neverEnd() {
  await setTimeout(3_600_000);
}

/** What the wall clock of this process says, in ms. */
export function wallClock() {
  return { now: Date.now(), origin: performance.timeOrigin };
}
