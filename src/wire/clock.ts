/*
 * Taken when this file is loaded, since a task may replace `performance` (fake timers do).
 */
const hrtime = process.hrtime.bind(process);
const now = performance.now.bind(performance);

/** The monotonic clock at the moment when this thread's `performance.now()` was 0, in ms. */
const OFFSET = (() => {
  const before = now();
  const time = hrtime();
  const seconds = time[0];
  const nanoseconds = time[1];
  return seconds * 1_000 + nanoseconds / 1_000_000 - (before + now()) / 2;
})();

/**
 * ms on the machine's monotonic clock (`process.hrtime()`), which all threads of a process share.
 * The wall clock won't do: it steps (NTP, suspend), and each thread takes its `timeOrigin` from it.
 */
export function monotonicNow(): number {
  return now() + OFFSET;
}
