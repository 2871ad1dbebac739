/*
 * Taken when this file is loaded: a task may replace `performance` (fake timers do).
 */
const hrtime = process.hrtime.bind(process);
const now = performance.now.bind(performance);

/** ms between the start of the monotonic clock and this thread's `performance.now()` of 0. */
const OFFSET = (() => {
  const before = now();
  const time = hrtime();
  const seconds = time[0];
  const nanoseconds = time[1];
  return seconds * 1_000 + nanoseconds / 1_000_000 - (before + now()) / 2;
})();

/**
 * ms on the machine's monotonic clock (`process.hrtime()`), which all threads of this process share.
 * The wall clock would not do: it steps (NTP, suspend), and each thread takes its `timeOrigin` from it.
 */
export function monotonicNow(): number {
  return now() + OFFSET;
}
