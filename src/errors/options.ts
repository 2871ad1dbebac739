import { didYouMean } from './did-you-mean.js';
import { describe } from './text.js';
import { FuturesOptionsError } from './index.js';

/** The longest delay of a Node timer, in ms (2^31 - 1). */
export const MAX_DURATION = 2_147_483_647;

/** Which values an option accepts. */
export interface Rule {
  /** For the error message, such as `an integer of 1 or more`. */
  readonly allowed: string;
  readonly accepts: (value: unknown) => boolean;
  /** The values, if they are names of which one may be misspelt. */
  readonly names?: readonly string[];
}

/** An integer of `min` or more. */
export function integer(min: number): Rule {
  return {
    allowed: `an integer of ${min} or more`,
    accepts: (value) => Number.isInteger(value) && (value as number) >= min,
  };
}

/** A number of ms, from `min` to the longest delay of a timer. */
export function duration(min = 1): Rule {
  return {
    allowed: `a number of ms from ${min} to ${MAX_DURATION}`,
    accepts: (value) => typeof value === 'number' && value >= min && value <= MAX_DURATION,
  };
}

export function oneOf(values: readonly string[]): Rule {
  return {
    allowed: `one of ${values.map((each) => `"${each}"`).join(', ')}`,
    accepts: (value) => values.includes(value as string),
    names: values,
  };
}

/** The rules that have no parameters. */
export const is = {
  object: rule('an object', (value) => isObject(value) && !Array.isArray(value)),
  array: rule('an array', Array.isArray),
  function: rule('a function', (value) => typeof value === 'function'),
  boolean: rule('a boolean', (value) => typeof value === 'boolean'),
  positive: rule('a number over 0', (value) => Number.isFinite(value) && (value as number) > 0),
  /** For an option whose value is checked elsewhere. */
  anything: rule('anything', () => true),
};

/** A rule that is not in {@link is}. */
export function rule(allowed: string, accepts: (value: unknown) => boolean): Rule {
  return { allowed, accepts };
}

/** @throws FuturesOptionsError that names the option, its value and what is allowed */
export function check(name: string, value: unknown, { allowed, accepts, names = [] }: Rule): void {
  if (accepts(value)) return;
  throw new FuturesOptionsError(
    `The option "${name}" must be ${allowed}, but is ${describe(value)}.${didYouMean(value, names)}`,
  );
}

/** How an option is checked, and its default. */
export interface Option<Value, Input = Value> {
  /** Exists in the types only: what may be given. */
  readonly input?: Input;
  /** @throws FuturesOptionsError */
  readonly resolve: (name: string, value: unknown) => Value;
}

/** An option with a default. */
export function option<Value>(
  allowed: Rule,
  initial: Value,
): Option<Value, Exclude<Value, undefined>> {
  return {
    resolve(name, value) {
      if (value === undefined) return initial;
      check(name, value, allowed);
      return value as Value;
    },
  };
}

/** An option that may be left out, and has no default. */
export function optional<Value>(allowed: Rule): Option<Value | undefined, Value> {
  return option<Value | undefined>(allowed, undefined);
}

/** An option that must be given. */
export function required<Value>(allowed: Rule): Option<Value> {
  return {
    resolve(name, value) {
      check(name, value, allowed);
      return value as Value;
    },
  };
}

/** Options by name. Each is written once, with its rule, its default and its doc comment. */
export type OptionTable = Readonly<Record<string, Option<any, any>>>;

/** What a caller may give: each option may be left out. */
export type Given<Table extends OptionTable> = {
  readonly [Name in keyof Table]?:
    (Table[Name] extends Option<any, infer Input> ? Input : never) | undefined;
};

/** All options, with the defaults filled in. */
export type Resolved<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Option<infer Value, any> ? Value : never;
};

/**
 * Checks options and fills in the defaults.
 *
 * @param name the option whose value these options are; empty at the top level
 * @param prefix what stands before the name of each option in error messages
 * @throws FuturesOptionsError that names the option, its value and what is allowed
 */
export function resolve<Table extends OptionTable>(
  table: Table,
  input: unknown,
  name = '',
  prefix = name === '' ? '' : `${name}.`,
): Resolved<Table> {
  check(name || 'options', input, is.object);
  checkKnown(table, input as object, prefix);
  const entries = Object.entries(table).map(([key, { resolve: resolveOne }]) => [
    key,
    resolveOne(prefix + key, (input as Record<string, unknown>)[key]) as unknown,
  ]);
  return Object.freeze(Object.fromEntries(entries)) as Resolved<Table>;
}

/** @throws FuturesOptionsError if an option is not in the table */
export function checkKnown(table: object, input: object, prefix = ''): void {
  for (const name of Object.keys(input)) {
    if (name in table) continue;
    const names = Object.keys(table);
    const hint = didYouMean(name, names, prefix);
    throw new FuturesOptionsError(
      `There is no option "${prefix}${name}".${hint} The options are: ${names
        .map((each) => prefix + each)
        .join(', ')}.`,
    );
  }
}

/** An option whose value is options of its own. */
export function nested<Table extends OptionTable>(
  table: Table,
): Option<Resolved<Table>, Given<Table>> {
  return {
    resolve: (name, value) => resolve(table, value === undefined ? {} : value, name),
  };
}

/** The options that are given, without those that are undefined. */
export function given<Options extends object>(options: Options): Partial<Options> {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as Partial<Options>;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
