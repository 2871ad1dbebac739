/**
 * Goes on with what a function of the app makes from the request, at once or later. An error of
 * that function is held back for one turn of the event loop: the pipes of the other parameters run
 * at the same time, and if one of them rejects the request, its error is the better answer.
 *
 * @internal
 */
export function madeFrom<Value>(
  make: () => Value | PromiseLike<Value>,
  goOn: (value: Value) => unknown,
): unknown {
  let value: Value | PromiseLike<Value>;
  try {
    value = make();
  } catch (error) {
    return afterPipes(error);
  }
  return isThenable(value) ? Promise.resolve(value).then(goOn, afterPipes) : goOn(value);
}

function isThenable<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  return typeof (value as Partial<PromiseLike<Value>> | undefined)?.then === 'function';
}

function afterPipes(error: unknown): Promise<never> {
  return new Promise((_resolve, reject) => {
    setImmediate(reject, error);
  });
}
