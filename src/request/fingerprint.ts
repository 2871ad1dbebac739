import { createHash } from 'node:crypto';
import { types } from 'node:util';
import { pack, Form, type Packed } from '../wire/codec.js';
import type { AnyFunction } from '../wire/protocol.js';
import { isTaskHandle } from '../tasks/task.js';

/** Longest JSON that is kept as text, in characters; longer JSON is kept as a hash. */
const MAX_TEXT = 200;
/** The largest argument that is compared, in bytes when packed. */
const MAX_BYTES = 256 * 1024 * 1024;

const FOR_COMPARISON = { maxBytes: MAX_BYTES, maxJson: MAX_BYTES, canShare: true };

/** Stands for an argument that is not compared. */
const ANY = Symbol('any');

/**
 * The arguments of a task as they were when they were sent. If the handler changes an object later,
 * this record stays the same.
 *
 * @internal
 */
export class SentArguments {
  /** One entry per argument; objects are kept as fingerprints. */
  readonly #kept: readonly unknown[];
  readonly #isInline: boolean;

  constructor(task: AnyFunction, args: readonly unknown[]) {
    this.#isInline = !isTaskHandle(task);
    this.#kept = args.map((each) => this.#keep(each));
  }

  /** Whether `args` equal the sent ones. Never throws; what cannot be compared counts as equal. */
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

/** Whether two lists of arguments are equal now. Never throws. @internal */
export function sameArguments(
  task: AnyFunction,
  before: readonly unknown[],
  after: readonly unknown[],
): boolean {
  if (before.length !== after.length) return false;
  if (before.every((each, i) => Object.is(each, after[i]))) return true;
  return new SentArguments(task, before).equal(after);
}

/** Whether a value is compared by its content; signals, connections and services are not. */
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

/** Undefined if the value is not compared. */
function fingerprintOf(value: object): string | undefined {
  try {
    return shortened(pack(value, FOR_COMPARISON));
  } catch {
    // It cannot be packed, or is larger than MAX_BYTES.
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
