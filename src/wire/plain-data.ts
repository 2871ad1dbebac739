import { types } from 'node:util';
import { isArray, isFiniteNumber, isSame, keysOf, prototypeOf } from './primordials.js';

const { isProxy } = types;
const PLAIN = Object.prototype;
const LIST = Array.prototype;

/** Up to this many objects, a list of those already seen is faster than a set. */
const FEW = 16;
/** From this many elements on, a list of numbers is faster as bytes than as JSON. */
const MANY_NUMBERS = 64;

/**
 * Whether `value` is plain data for which JSON of at most `room` characters keeps everything that
 * structured clone keeps: objects and arrays without their own prototypes, each found only once,
 * with text, finite numbers, booleans and null. The check stops early if the data is larger.
 *
 * @throws what a getter throws, and RangeError if the nesting is too deep for the stack
 * @internal
 */
export function isPlainData(value: object, room: number): boolean {
  return new PlainDataCheck().roomAfterParts(value, room) >= 0;
}

/** What is left of the room if a value is not plain data, or too large. */
const NONE = -1;

class PlainDataCheck {
  readonly #few: object[] = [];
  #many: Set<object> | undefined;

  /** The room that the shortest JSON of an object leaves; below zero if it doesn't fit. */
  roomAfterParts(value: object, room: number): number {
    // An object found twice is one object in a clone, but two in JSON; a circle has no end.
    if (isProxy(value) || 'toJSON' in value || !this.#isNew(value)) return NONE;
    if (isArray(value)) return this.#roomAfterElements(value, room);
    if (prototypeOf(value) !== PLAIN) return NONE;
    const names = keysOf(value);
    let left = room - 2;
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      left = this.#roomAfter((value as Record<string, unknown>)[name], left - name.length - 3);
      if (left < 0) return NONE;
    }
    return left;
  }

  #roomAfter(value: unknown, room: number): number {
    switch (typeof value) {
      case 'string':
        return room - value.length - 2;
      case 'number':
        return isFiniteNumber(value) && !isSame(value, -0) ? room - 1 : NONE;
      case 'boolean':
        return room - 4;
      case 'object':
        return value === null ? room - 4 : this.roomAfterParts(value, room);
      default:
        return NONE;
    }
  }

  #roomAfterElements(array: unknown[], room: number): number {
    const { length } = array;
    if (prototypeOf(array) !== LIST || length > room) return NONE;
    if (length >= MANY_NUMBERS && typeof array[0] === 'number') return NONE;
    // An array may also have other properties, or holes.
    if (keysOf(array).length !== length) return NONE;
    let left = room - 2;
    for (let i = 0; i < length; i++) {
      left = this.#roomAfter(array[i], left);
      if (left < 0) return NONE;
    }
    return left;
  }

  #isNew(value: object): boolean {
    if (this.#many !== undefined) {
      const { size } = this.#many;
      return this.#many.add(value).size > size;
    }
    const few = this.#few;
    for (let i = 0; i < few.length; i++) if (few[i] === value) return false;
    few[few.length] = value;
    if (few.length > FEW) this.#many = new Set(few);
    return true;
  }
}
