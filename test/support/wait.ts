import { setTimeout } from 'node:timers/promises';

/** ms that a test waits for something, unless it says otherwise: less than Jest gives the test. */
const LIMIT = 15_000;

/**
 * What a promise resolves to.
 *
 * @param what names what the test waits for
 * @param limit in ms
 * @throws Error that says what the test waited for, if it takes longer
 */
export async function within<Value>(
  what: string | (() => string),
  promise: Promise<Value>,
  limit = LIMIT,
): Promise<Value> {
  const timer = new AbortController();
  // Not one of the resources that a test may count.
  const late = setTimeout(limit, undefined, { signal: timer.signal, ref: false }).then(() => {
    throw new Error(`Waited ${limit} ms in vain for ${typeof what === 'string' ? what : what()}.`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
    late.catch(() => {});
  }
}

/**
 * Resolves when a condition holds that no event reports.
 *
 * @param what names what the test waits for
 * @param limit in ms
 */
export async function until(
  what: string | (() => string),
  condition: () => boolean | Promise<boolean>,
  limit = LIMIT,
): Promise<void> {
  const over = new AbortController();
  const poll = async () => {
    while (!over.signal.aborted && !(await condition())) await setTimeout(2);
  };
  try {
    await within(what, poll(), limit);
  } finally {
    over.abort();
  }
}
