/** There was no answer in time. */
export class NoAnswer extends Error {
  constructor(timeout: number) {
    super(`no answer within ${Math.ceil(timeout)} ms`);
  }
}

/** @throws NoAnswer if the promise takes longer than `timeout` ms; it is then left alone */
export async function within<Value>(timeout: number, promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new NoAnswer(timeout)), timeout);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
