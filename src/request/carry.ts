import { types } from 'node:util';
import { FuturesOptionsError } from '../errors/index.js';
import { describe } from '../errors/text.js';
import { packJson } from '../wire/codec.js';
import type { ResolvedOptions } from './futures.options.js';

/** The longest JSON of what `carry` gives, in characters: it goes with every call. */
const MAX_CARRIED = 4_096;

/**
 * Asks the option `carry` what goes with a call.
 *
 * @returns its JSON; undefined if nothing is carried
 * @throws FuturesOptionsError if it gives something that is no small plain object
 * @internal
 */
export function carriedBy({ carry }: ResolvedOptions): string | undefined {
  const given: unknown = carry?.();
  if (given === undefined || given === null) return undefined;
  if (types.isPromise(given)) {
    given.catch(() => {});
    throw refused('a promise, which nothing awaits');
  }
  const prototype: unknown = Object.getPrototypeOf(given);
  if (typeof given !== 'object' || Array.isArray(given)) throw refused(describe(given));
  if (prototype !== Object.prototype && prototype !== null) {
    throw refused('an object of a class. Return what it holds: { ...object }');
  }
  // A request id that is not there yet is no fault.
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  const packed = packJson(Object.fromEntries(present), MAX_CARRIED);
  if (packed !== undefined) return packed[1];
  throw refused(`an object that is longer than ${MAX_CARRIED} characters as JSON, or not plain`);
}

function refused(what: string): FuturesOptionsError {
  return new FuturesOptionsError(
    `The option "carry" must return a small plain object (text, numbers, booleans, null, lists and objects of these), but returned ${what}. ` +
      `Carry an id, and have the task look up the rest.`,
  );
}
