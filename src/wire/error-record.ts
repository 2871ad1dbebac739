import { types } from 'node:util';
import { pack, type Packed } from './codec.js';

/** An error as plain data. Its values are packed, so that one that can't be read fails alone. */
export type ErrorRecord =
  | {
      readonly kind: 'error';
      /** Names of its class and that class's base classes, nearest first. */
      readonly classNames: readonly string[];
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
      readonly isHttpException: boolean;
      readonly properties: readonly (readonly [name: string, value: ErrorRecord])[];
      readonly cause: ErrorRecord | undefined;
      readonly errors: readonly ErrorRecord[] | undefined;
    }
  | { readonly kind: 'value'; readonly value: Packed };

/** How deep causes and errors in properties are followed; a text stands for anything deeper. */
const MAX_DEPTH = 50;

/** The longest name, message and stack, in characters. */
const MAX_TEXT = 100_000;
/** The most properties and `AggregateError.errors`. */
const MAX_PARTS = 1_000;
/** The largest value in a property, in bytes; its JSON or a text stands for a larger one. */
const MAX_VALUE = 1024 * 1024;
/** The most errors in one record. */
const MAX_ERRORS = 10_000;

/** Properties that have their own place in the record. */
const KNOWN_PROPERTIES: ReadonlySet<string> = new Set([
  'name',
  'message',
  'stack',
  'cause',
  'errors',
]);

/**
 * Takes an error apart for its way from a worker. Structured clone alone would lose its class,
 * `name`, `code` and own properties. What cannot be cloned is kept as JSON, or else as text.
 *
 * @internal
 */
export function describeError(error: unknown): ErrorRecord {
  return describe(error, 0, new Map());
}

function describe(error: unknown, depth: number, seen: Map<Error, ErrorRecord>): ErrorRecord {
  try {
    return takeApart(error, depth, seen);
  } catch {
    // For example, if one of its prototypes is a revoked proxy.
    return { kind: 'value', value: packValue(textOf(error)) };
  }
}

function takeApart(error: unknown, depth: number, seen: Map<Error, ErrorRecord>): ErrorRecord {
  if (!isError(error)) return { kind: 'value', value: packValue(error) };
  const known = seen.get(error);
  if (known !== undefined) return known;
  if (depth > MAX_DEPTH || seen.size > MAX_ERRORS) {
    return { kind: 'value', value: packValue(textOf(error)) };
  }

  const properties: [string, ErrorRecord][] = [];
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
  // Before the values in the error, which may refer back to it.
  seen.set(error, record);
  const inner = (value: unknown) => describe(value, depth + 1, seen);
  const add = (name: string, value: unknown) => {
    properties[properties.length] = [name, inner(value)];
  };

  const names = Object.keys(error);
  for (let i = 0; i < names.length && i < MAX_PARTS; i++) {
    const name = names[i] as string;
    if (!KNOWN_PROPERTIES.has(name)) add(name, read(error, name));
  }
  // The code is often a getter of the class.
  const code = read(error, 'code');
  if (code !== undefined && !names.includes('code')) add('code', code);
  if (record.isHttpException) {
    add('response', answer(error, 'getResponse'));
    add('status', answer(error, 'getStatus'));
  }
  const cause = read(error, 'cause');
  const errors = read(error, 'errors');
  if (cause !== undefined) record.cause = inner(cause);
  if (Array.isArray(errors)) record.errors = errors.slice(0, MAX_PARTS).map(inner);
  return record;
}

function isError(value: unknown): value is Error {
  if (types.isNativeError(value)) return true;
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
}

/** By shape, not class: a task file's copy of Nest may not be the app's. */
function isHttpException(error: Error): boolean {
  return ['getStatus', 'getResponse'].every((name) => typeof read(error, name) === 'function');
}

/** What a method of the error returns; if it throws, the text of what it throws. */
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
  return typeof stack === 'string' ? stack.slice(0, MAX_TEXT) : undefined;
}

/** A property of the error; if its getter throws, the text of what it throws. */
function read(error: Error, name: string): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[name];
  } catch (thrown) {
    return textOf(thrown);
  }
}

/** The packed value; if it cannot be cloned, its JSON, or else its text. */
function packValue(value: unknown): Packed {
  try {
    return pack(value, FOR_VALUES);
  } catch {
    return jsonOf(value) ?? pack(textOf(value), FOR_VALUES);
  }
}

const FOR_VALUES = { maxBytes: MAX_VALUE, maxJson: MAX_VALUE, canShare: false };

function jsonOf(value: unknown): Packed | undefined {
  try {
    return pack(JSON.parse(JSON.stringify(value)), FOR_VALUES);
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  try {
    return String(value).slice(0, MAX_TEXT);
  } catch {
    return 'a value that cannot be read';
  }
}
