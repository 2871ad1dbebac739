import { types } from 'node:util';

/**
 * Whether `value` is plain data of which JSON of at most `room` characters may be made, and keeps all
 * that structured clone keeps: objects and arrays without prototypes of their own, in which each
 * object is found once, of text, finite numbers, booleans and null. For what is larger it stops early.
 *
 * @internal
 */
export function isPlainData(value: object, room: number): boolean {
  return roomAfter(value, room, []) >= 0;
}

/** What a value that is no plain data leaves of the room. */
const NONE = -1;

/** The room that the shortest JSON of `value` leaves; below zero if there is none. */
function roomAfter(value: unknown, room: number, seen: object[]): number {
  switch (typeof value) {
    case 'string':
      return room - value.length - 2;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? room - 1 : NONE;
    case 'boolean':
      return room - 4;
    case 'object':
      return value === null ? room - 4 : roomAfterParts(value, room, seen);
    default:
      return NONE;
  }
}

function roomAfterParts(value: object, room: number, seen: object[]): number {
  // A part that is found twice is one object in a clone, and two in JSON; a circle has no end.
  if (types.isProxy(value) || seen.includes(value) || 'toJSON' in value) return NONE;
  seen.push(value);
  if (Array.isArray(value)) return roomAfterElements(value, room, seen);
  if (Object.getPrototypeOf(value) !== Object.prototype) return NONE;
  let left = room - 2;
  for (const [name, part] of Object.entries(value)) {
    left = roomAfter(part, left - name.length - 3, seen);
    if (left < 0) return NONE;
  }
  return left;
}

function roomAfterElements(array: unknown[], room: number, seen: object[]): number {
  if (Object.getPrototypeOf(array) !== Array.prototype || array.length > room) return NONE;
  // An array may have other properties too.
  if (Object.keys(array).length !== array.length) return NONE;
  let left = room - 2;
  // A hole is read as undefined, which is refused.
  for (const element of array) {
    left = roomAfter(element, left, seen);
    if (left < 0) return NONE;
  }
  return left;
}
