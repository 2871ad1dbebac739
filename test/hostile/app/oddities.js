/** @template {object} Value @param {Value} value @param {(value: Value) => void} close */
export function closed(value, close) {
  close(value);
  return value;
}

export function revoked(target = {}) {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** A function that throws this. @param {unknown} thrown */
export const raise = (thrown) => () => {
  throw thrown;
};
