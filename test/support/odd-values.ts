/** Values that throw when they are looked at, or that are no errors though they are thrown. */
export const ODD_VALUES: readonly (readonly [name: string, make: () => unknown])[] = [
  ['undefined', () => undefined],
  ['null', () => null],
  ['a symbol', () => Symbol('odd')],
  ['a bigint', () => 1n],
  ['an object without a prototype', () => Object.create(null) as unknown],
  ['a revoked proxy', () => revoked({})],
  ['a revoked proxy of a function', () => revoked(() => {})],
  ['a proxy whose traps all throw', () => new Proxy({}, new Proxy({}, { get: refuse }))],
  ['a proxy that throws null', () => new Proxy({}, new Proxy({}, { get: refuseWithNull }))],
  ['an object whose toString throws', () => ({ toString: refuse, [Symbol.toPrimitive]: refuse })],
  ['an object whose then throws', thenable],
  ['an object whose getters throw', () => withGetters({})],
  ['an error whose getters throw', () => withGetters(new Error('odd'))],
  ['an error with a circular cause', circular],
];

function thenable(): unknown {
  return new Proxy({}, { get: (_target, name) => (name === 'then' ? refuse() : undefined) });
}

/** What is read of errors, bodies and streams. */
const READ = ['name', 'message', 'stack', 'cause', 'code', 'status', 'statusCode', 'constructor'];
const ALSO_READ = ['getStream', 'destroy', 'pipe', 'on', 'body', Symbol.toStringTag];

function withGetters(target: object): object {
  for (const name of [...READ, ...ALSO_READ, Symbol.asyncIterator]) {
    Object.defineProperty(target, name, { get: refuse, configurable: true });
  }
  return target;
}

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function circular(): Error {
  const error = new Error('odd');
  error.cause = error;
  return error;
}

function refuse(): never {
  throw new Error('I must not be looked at.');
}

function refuseWithNull(): never {
  throw null;
}
