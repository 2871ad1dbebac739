import { types } from 'node:util';

/** A value that structured clone refuses, and the path to it. */
export interface Uncloneable {
  /** Such as `args[0].user.save`. */
  readonly path: string;
  /** Such as `a function`. */
  readonly description: string;
}

/** Limits of the search (values, depth, ms), which runs on the event loop for data from clients. */
const MAX_VALUES = 10_000;
const MAX_DEPTH = 100;
const MAX_TIME = 20;
/** The longest path in an error message, in characters. */
const MAX_PATH = 200;

/** A value that was reached from another one. */
interface Place {
  readonly value: unknown;
  readonly name: string;
  readonly parent: Place | undefined;
  readonly depth: number;
}

/**
 * Finds the first value in `value` that structured clone refuses. This only serves the error
 * message, so the search gives up if it takes too long.
 *
 * @param copy throws if a value cannot be cloned. Default: `structuredClone`
 * @returns undefined if there is none, or none was found in time. It never throws
 * @internal
 */
export function findUncloneable(
  value: unknown,
  path: string,
  copy: (value: unknown) => unknown = structuredClone,
): Uncloneable | undefined {
  try {
    return new Search(copy).find({ value, name: path, parent: undefined, depth: 0 });
  } catch {
    // For example, a proxy was revoked meanwhile.
    return undefined;
  }
}

class Search {
  readonly #copy: (value: unknown) => unknown;
  readonly #seen = new Set<unknown>();
  readonly #deadline = performance.now() + MAX_TIME;

  constructor(copy: (value: unknown) => unknown) {
    this.#copy = copy;
  }

  /** Searches depth first, in the order in which structured clone reads. */
  find(root: Place): Uncloneable | undefined {
    const open: { readonly place: Place; readonly parts: Iterator<Place> }[] = [];
    let next: Place | undefined = root;
    while (next !== undefined || open.length > 0) {
      if (next !== undefined) {
        const description = this.#refused(next.value);
        if (description !== undefined) return { path: pathOf(next), description };
        if (this.#isToOpen(next)) open.push({ place: next, parts: partsOf(next) });
      }
      if (this.#seen.size > MAX_VALUES || performance.now() > this.#deadline) return undefined;
      const last = open.at(-1);
      const result = last?.parts.next();
      next = result?.done === false ? result.value : undefined;
      if (last === undefined || next !== undefined) continue;
      open.pop();
      // All its parts can be copied, so the value itself is refused.
      if (!this.#canCopy(last.place.value)) {
        return { path: pathOf(last.place), description: describe(last.place.value) };
      }
    }
    return undefined;
  }

  /** The description of a value that is certain to be refused. */
  #refused(value: unknown): string | undefined {
    // Proxies first: a revoked one throws at every other check.
    if (types.isProxy(value)) return 'a proxy';
    if (value instanceof Unreadable) return value.description;
    if (typeof value === 'function' || typeof value === 'symbol') return describe(value);
    const isShared = ArrayBuffer.isView(value) && types.isSharedArrayBuffer(value.buffer);
    return isShared && !this.#canCopy(value) ? `${describe(value)} of shared memory` : undefined;
  }

  #isToOpen({ value, depth }: Place): boolean {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
    if (depth >= MAX_DEPTH || this.#seen.has(value)) return false;
    this.#seen.add(value);
    return true;
  }

  /** Plain data can be copied if its parts can. Copying it again at each level would take long. */
  #canCopy(value: unknown): boolean {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || Array.isArray(value)) return true;
    if (types.isMap(value) || types.isSet(value)) return true;
    try {
      this.#copy(value);
      return true;
    } catch (error) {
      // It is nested too deeply to be copied, so the copy did not reach what is refused.
      return textOfProperty(error, 'name') === 'RangeError';
    }
  }
}

/** Stands for the value of a property that cannot be read. */
class Unreadable {
  readonly description = 'a getter that throws';
}

function* partsOf(parent: Place): Generator<Place> {
  const { value, depth } = parent;
  const place = (part: unknown, name: string): Place => ({
    value: part,
    name,
    parent,
    depth: depth + 1,
  });
  if (types.isMap(value)) {
    for (const [key, entry] of value) {
      yield place(key, '.keys()[…]');
      yield place(entry, `.get(${nameOfKey(key)})`);
    }
  } else if (types.isSet(value)) {
    for (const entry of value) yield place(entry, '.values()[…]');
  } else if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) yield place(read(value, i), `[${i}]`);
  } else {
    for (const name of Object.keys(value as object)) {
      const isName = /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name);
      yield place(read(value as object, name), isName ? `.${name}` : `[${textOf(name)}]`);
    }
  }
}

function read(value: object, name: PropertyKey): unknown {
  try {
    return (value as Record<PropertyKey, unknown>)[name];
  } catch {
    return new Unreadable();
  }
}

function pathOf(place: Place): string {
  let path = '';
  for (let each: Place | undefined = place; each !== undefined; each = each.parent) {
    path = each.name + path;
  }
  return path.length > MAX_PATH ? `${path.slice(0, MAX_PATH)}…` : path;
}

function nameOfKey(key: unknown): string {
  if (typeof key === 'string') return textOf(key);
  return typeof key === 'object' && key !== null ? '…' : String(key);
}

/** A name from outside: cut, and without anything that a terminal obeys. */
function textOf(name: string, max = 100): string {
  const text = name.length > max ? `${name.slice(0, max)}…` : name;
  return JSON.stringify(text).replace(/[^\x20-\x7e\p{L}\p{N}…]/gu, '?');
}

function describe(value: unknown): string {
  if (typeof value === 'function') {
    return value.name ? `the function ${nameOf(value.name)}` : 'a function';
  }
  if (typeof value === 'symbol') return 'a symbol';
  const { name } = ((value as object).constructor ?? {}) as { readonly name?: unknown };
  return typeof name === 'string' && name !== '' ? `an instance of ${nameOf(name)}` : 'an object';
}

function nameOf(name: unknown, max?: number): string {
  return textOf(String(name), max).slice(1, -1);
}

/**
 * Describes a value that could not be sent.
 *
 * @param path what the value is, such as `args`
 * @param refusal what was thrown
 * @param copy see {@link findUncloneable}
 * @internal
 */
export function describeRefusal(
  value: unknown,
  path: string,
  refusal: unknown,
  copy?: (value: unknown) => unknown,
): Uncloneable {
  const culprit = findUncloneable(value, path, copy);
  if (culprit !== undefined) return culprit;
  const name = textOfProperty(refusal, 'name');
  if (name === 'RangeError') return { path, description: 'a value that is nested too deeply' };
  return { path, description: `a value (${messageOf(refusal)})` };
}

/** Describes a result that could not be sent. */
export function describeUncloneableResult(
  result: unknown,
  transferList: readonly unknown[] = [],
  refusal?: unknown,
): Uncloneable {
  if (transferList.length > 0 && findUncloneable(result, 'result') === undefined) {
    const description = `a list that cannot be moved (${messageOf(refusal)})`;
    return { path: 'transfer()', description };
  }
  return describeRefusal(result, 'result', refusal);
}

function textOfProperty(value: unknown, name: 'name' | 'message'): string | undefined {
  try {
    const text = (value as Record<string, unknown> | undefined)?.[name];
    return typeof text === 'string' ? text : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The message of whatever was thrown, safe to use in an error message; never throws.
 *
 * @param max how many characters of it are kept
 */
export function messageOf(thrown: unknown, max?: number): string {
  try {
    return nameOf(textOfProperty(thrown, 'message') ?? thrown, max).replaceAll('\\"', '"');
  } catch {
    return 'an error without a message';
  }
}
