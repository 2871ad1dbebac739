import { setTimeout } from 'node:timers/promises';

/** Takes 3 s, which is longer than a clock that steps leaves to a wrong deadline. */
export async function takeThreeSeconds() {
  await setTimeout(3_000);
  return 'done';
}

export async function neverEnd() {
  await setTimeout(3_600_000);
}

/** What the wall clock of this process says, in ms. */
export function wallClock() {
  return { now: Date.now(), origin: performance.timeOrigin };
}
