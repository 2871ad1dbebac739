/** An error taken apart into what structured clone keeps. */
export type ErrorRecord =
  | {
      readonly kind: 'error';
      /** Names of its class and of that one's base classes, nearest first. */
      readonly classNames: readonly string[];
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
      readonly isHttpException: boolean;
      readonly properties: ReadonlyMap<string, ErrorRecord>;
      readonly cause: ErrorRecord | undefined;
      readonly errors: readonly ErrorRecord[] | undefined;
    }
  | { readonly kind: 'value'; readonly value: unknown };

/** How deep causes and errors in properties are followed: beyond it a text stands for the value. */
const MAX_DEPTH = 50;

/** What has a place of its own in the record. */
const KNOWN_PROPERTIES: ReadonlySet<string> = new Set([
  'name',
  'message',
  'stack',
  'cause',
  'errors',
]);

/**
 * Takes an error apart for the way from a worker. Structured clone alone would lose its class,
 * `name`, `code` and own properties. Whatever cannot be cloned in it is kept as its JSON, or else
 * as its text.
 *
 * @internal
 */
export function describeError(error: unknown): ErrorRecord {
  return describe(error, 0, new Map());
}

function describe(error: unknown, depth: number, seen: Map<Error, ErrorRecord>): ErrorRecord {
  if (!(error instanceof Error)) return { kind: 'value', value: cloneable(error) };
  const known = seen.get(error);
  if (known !== undefined) return known;
  if (depth > MAX_DEPTH) return { kind: 'value', value: textOf(error) };

  const properties = new Map<string, ErrorRecord>();
  const record = {
    kind: 'error' as const,
    classNames: classNames(error),
    name: textOf(read(error, 'name')),
    message: textOf(read(error, 'message')),
    stack: stackOf(error),
    isHttpException: isHttpException(error),
    properties,
    cause: undefined as ErrorRecord | undefined,
    errors: undefined as ErrorRecord[] | undefined,
  };
  // Before what it refers to: that may refer back to it.
  seen.set(error, record);
  const inner = (value: unknown) => describe(value, depth + 1, seen);

  for (const name of Object.keys(error)) {
    if (!KNOWN_PROPERTIES.has(name)) properties.set(name, inner(read(error, name)));
  }
  // Often a getter of the class.
  const code = read(error, 'code');
  if (code !== undefined && !properties.has('code')) properties.set('code', inner(code));
  if (record.isHttpException) {
    properties.set('response', inner(answer(error, 'getResponse')));
    properties.set('status', inner(answer(error, 'getStatus')));
  }
  const [cause, errors] = [read(error, 'cause'), read(error, 'errors')];
  if (cause !== undefined) record.cause = inner(cause);
  if (Array.isArray(errors)) record.errors = errors.map(inner);
  return record;
}

/** By shape, not class: a task file's copy of Nest need not be the app's. */
function isHttpException(error: Error): boolean {
  return ['getStatus', 'getResponse'].every((name) => typeof read(error, name) === 'function');
}

/** What a method of the error returns; the text of what it throws, if it throws. */
function answer(error: Error, method: 'getStatus' | 'getResponse'): unknown {
  try {
    return (error as unknown as Record<typeof method, () => unknown>)[method]();
  } catch (thrown) {
    return textOf(thrown);
  }
}

function classNames(error: Error): string[] {
  const names: string[] = [];
  for (
    let prototype: unknown = Object.getPrototypeOf(error);
    prototype instanceof Object;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    const name: unknown = prototype.constructor?.name;
    if (typeof name === 'string') names.push(name);
  }
  return names;
}

function stackOf(error: Error): string | undefined {
  const stack = read(error, 'stack');
  return typeof stack === 'string' ? stack : undefined;
}

/** A property; the error of its getter in its place, if that throws. */
function read(error: Error, name: string): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[name];
  } catch (thrown) {
    return textOf(thrown);
  }
}

function cloneable(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return jsonOf(value) ?? textOf(value);
  }
}

function jsonOf(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value));
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
