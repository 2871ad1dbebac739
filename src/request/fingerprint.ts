import { createHash } from 'node:crypto';
import { types } from 'node:util';
import { pack, Form, type Packed } from '../wire/codec.js';
import type { AnyFunction } from '../wire/protocol.js';
import { isTaskHandle } from '../tasks/task.js';

/** Longest JSON that is kept as it is, in characters; of what is longer a hash is kept. */
const MAX_TEXT = 200;
/** The largest argument that is compared, in bytes as it is sent. */
const MAX_BYTES = 256 * 1024 * 1024;

const FOR_COMPARISON = { maxBytes: MAX_BYTES, maxJson: MAX_BYTES, canShare: true };

/** Stands for what is not compared. */
const ANY = Symbol('any');

/**
 * The arguments of a task, as they were when they were sent: what a handler does to an object later
 * changes nothing.
 *
 * @internal
 */
export class SentArguments {
  /** Of objects, their fingerprints. */
  readonly #kept: readonly unknown[];
  readonly #isInline: boolean;

  constructor(task: AnyFunction, args: readonly unknown[]) {
    this.#isInline = !isTaskHandle(task);
    this.#kept = args.map((each) => this.#keep(each));
  }

  /** Whether these are the same. Never throws; what cannot be compared counts as the same. */
  equal(args: readonly unknown[]): boolean {
    return (
      args.length === this.#kept.length &&
      args.every((each, i) => {
        const before = this.#kept[i];
        if (before === ANY) return true;
        const after = this.#keep(each);
        return after === ANY || Object.is(before, after);
      })
    );
  }

  #keep(value: unknown): unknown {
    if (typeof value === 'function') return ANY;
    if (typeof value !== 'object' || value === null) return value;
    if (this.#isInline && !isData(value)) return ANY;
    return fingerprintOf(value) ?? ANY;
  }
}

/** Whether two lists of arguments are the same now. Never throws. @internal */
export function sameArguments(
  task: AnyFunction,
  before: readonly unknown[],
  after: readonly unknown[],
): boolean {
  if (before.length !== after.length) return false;
  if (before.every((each, i) => Object.is(each, after[i]))) return true;
  return new SentArguments(task, before).equal(after);
}

/** Whether it is compared by what it holds: a signal, a connection or a service is not. */
function isData(value: object): boolean {
  if (types.isProxy(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return (
    isPlain ||
    Array.isArray(value) ||
    ArrayBuffer.isView(value) ||
    types.isDate(value) ||
    types.isMap(value) ||
    types.isSet(value)
  );
}

/** Undefined if there is none. */
function fingerprintOf(value: object): string | undefined {
  try {
    return shortened(pack(value, FOR_COMPARISON));
  } catch {
    // It cannot be written down, or is very large.
    return undefined;
  }
}

function shortened(packed: Packed): string | undefined {
  const [form, content, parts = []] = packed;
  if (form === Form.Json && (content as string).length <= MAX_TEXT) return content as string;
  if (form === Form.Value || form === Form.List) return undefined;
  const hash = createHash('sha1');
  if (form === Form.View) hash.update(String(content));
  else hash.update(content as string | Uint8Array);
  for (const part of parts) if (types.isArrayBuffer(part)) hash.update(new Uint8Array(part));
  return hash.digest('base64');
}
