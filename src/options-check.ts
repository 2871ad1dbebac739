import { describe } from './worker/describe.js';
import { FuturesOptionsError } from './errors/index.js';

/** The longest delay a Node timer keeps, in ms (2^31 - 1). */
const MAX_DURATION = 2_147_483_647;

/** Each check throws a FuturesOptionsError that names the option, its value and what is allowed. */
export const check = {
  object(name: string, value: unknown): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      fail(name, value, 'an object');
    }
  },
  array(name: string, value: unknown): void {
    if (!Array.isArray(value)) fail(name, value, 'an array');
  },
  function(name: string, value: unknown): void {
    if (typeof value !== 'function') fail(name, value, 'a function');
  },
  boolean(name: string, value: unknown): void {
    if (typeof value !== 'boolean') fail(name, value, 'a boolean');
  },
  integer(name: string, value: unknown, min: number): void {
    if (!Number.isInteger(value) || (value as number) < min) {
      fail(name, value, `an integer of ${min} or more`);
    }
  },
  positive(name: string, value: unknown): void {
    if (typeof value !== 'number' || !(value > 0 && value < Infinity)) {
      fail(name, value, 'a number over 0');
    }
  },
  duration(name: string, value: unknown, min = 1): void {
    if (typeof value !== 'number' || !(value >= min && value <= MAX_DURATION)) {
      fail(name, value, `a number of ms from ${min} to ${MAX_DURATION}`);
    }
  },
  oneOf(name: string, value: unknown, allowed: readonly string[]): void {
    if (!allowed.includes(value as string)) {
      fail(name, value, `one of ${allowed.map((each) => `"${each}"`).join(', ')}`);
    }
  },
};

/** @throws FuturesOptionsError if `value` has a property that `known` lacks */
export function checkKnown(prefix: string, value: object, known: object): void {
  for (const name of Object.keys(value)) {
    if (name in known) continue;
    throw new FuturesOptionsError(
      `There is no option "${prefix}${name}". The options are: ${Object.keys(known)
        .map((each) => prefix + each)
        .join(', ')}.`,
    );
  }
}

/** The options that are given: an undefined one is left out. */
export function given(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function fail(name: string, value: unknown, allowed: string): never {
  throw new FuturesOptionsError(
    `The option "${name}" must be ${allowed}, but is ${describe(value)}.`,
  );
}
