import type { ModulesContainer } from '@nestjs/core';
import { FuturesOptionsError } from './errors/index.js';
import type { FuturesRuntime } from './futures.runtime.js';
import { describe } from './worker/describe.js';

/** Where the modules of an app leave their options; shared by copies of the package. */
const MODULES = Symbol.for('nestjs-futures.modules');

/** What is known of a FuturesModule of an app. Another copy of the package may have left it. */
interface Registration {
  /** Where the copy of the package is that it comes from. */
  readonly home: string;
  readonly options: object;
}

/**
 * Decorators find one FuturesModule, and providers another, so an app that has two must not see a
 * difference between them.
 *
 * @throws FuturesOptionsError if the app has another one with other options, or of another copy of the package
 * @internal
 */
export function checkOneModule(modules: ModulesContainer, runtime: FuturesRuntime): void {
  const known = ((modules as { [MODULES]?: Registration[] })[MODULES] ??= []);
  const scope = runtime.usesContext ? 'singleton' : 'request';
  const own: Registration = { home: import.meta.url, options: { ...runtime.options, scope } };
  for (const other of known) compare(other, own);
  known.push(own);
}

function compare(first: Registration, second: Registration): void {
  if (first.home !== second.home) {
    throw new FuturesOptionsError(
      `This app imports FuturesModule from two copies of nestjs-futures: ${first.home} and ${second.home}. ` +
        `The futures of one are unknown to the other. Make the app load one: run "npm ls nestjs-futures" and "npm dedupe", ` +
        `and load it either by import or by require everywhere.`,
    );
  }
  const difference = differenceOf(first.options, second.options, '');
  if (difference === undefined) return;
  const [name, one, other] = difference;
  throw new FuturesOptionsError(
    `FuturesModule.forRoot() is called twice in this app, with different options: "${name}" is ${describe(one)} in one and ${describe(other)} in the other. ` +
      `Call forRoot() once, in the root module; other modules need not import it, since it is global.`,
  );
}

/** The first option that differs, and its values. What is not a plain object is compared by identity. */
function differenceOf(
  first: object,
  second: object,
  prefix: string,
): [name: string, first: unknown, second: unknown] | undefined {
  for (const name of new Set([...Object.keys(first), ...Object.keys(second)])) {
    const one = (first as Record<string, unknown>)[name];
    const other = (second as Record<string, unknown>)[name];
    if (Object.is(one, other)) continue;
    if (!isPlain(one) || !isPlain(other)) return [prefix + name, one, other];
    const difference = differenceOf(one, other, `${prefix}${name}.`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
