/** ms that a test waits for anything at most; a worker is given 5 s to claim what it was sent. */
export const LIMIT = 20_000;

/**
 * Resolves as the promise does.
 *
 * @param what names what was waited for, when the limit is over
 * @param limit in ms
 */
export async function within<Value>(
  what: string,
  promise: Promise<Value>,
  limit = LIMIT,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${limit} ms`)), limit);
  });
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when a condition holds that nobody tells of. */
export async function until(what: string, condition: () => boolean, limit = LIMIT): Promise<void> {
  const end = performance.now() + limit;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`${what}: not within ${limit} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
