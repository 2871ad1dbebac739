import { FuturesModule, FuturesOptionsError } from '../../src/index.js';
import { startApp } from '../support/app.js';

const POOLS = ['threads', 'processes'];

const INTEGERS: [string, number][] = [
  ['maxPasses', 1],
  ['maxFutures', 1],
  ...POOLS.flatMap((pool): [string, number][] => [
    [`${pool}.min`, 0],
    [`${pool}.max`, 1],
    [`${pool}.maxQueue`, 0],
  ]),
];

const DURATIONS: [string, number][] = [
  ['timeout', 1],
  ['queueTimeout', 1],
  ['shutdownTimeout', 0],
  ...POOLS.map((pool): [string, number] => [`${pool}.idleTimeout`, 0]),
];

/** Options with this one set, by its path. */
function optionsWith(path: string, value: unknown): object {
  const [first, ...rest] = path.split('.');
  return { [first ?? '']: rest.length === 0 ? value : optionsWith(rest.join('.'), value) };
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : String(value);
}

async function failureOf(options: object): Promise<Error> {
  try {
    await startApp('express', { futures: FuturesModule.forRoot(options) });
  } catch (error) {
    expect(error).toBeInstanceOf(FuturesOptionsError);
    expect(error).toMatchObject({ code: 'ERR_FUTURES_OPTIONS' });
    return error as Error;
  }
  throw new Error('The app has started.');
}

describe('an invalid option keeps the app from starting', () => {
  it.each(
    INTEGERS.flatMap(([name, min]) =>
      [min - 1, 1.5, Number.NaN, Infinity, '3', null].map((value) => [name, value, min]),
    ),
  )('%s: %p', async (name, value, min) => {
    const { message } = await failureOf(optionsWith(String(name), value));
    expect(message).toBe(
      `The option "${name}" must be an integer of ${min} or more, but is ${JSON.stringify(value) === `"3"` ? '"3"' : String(value)}.`,
    );
  });

  it.each(
    DURATIONS.flatMap(([name, min]) =>
      [min - 1, Number.NaN, Infinity, 2 ** 31, '3', null].map((value) => [name, value, min]),
    ),
  )('%s: %p', async (name, value, min) => {
    const { message } = await failureOf(optionsWith(String(name), value));
    expect(message).toBe(
      `The option "${name}" must be a number of ms from ${min} to 2147483647, but is ${shown(value)}.`,
    );
  });

  it.each<[string, unknown, RegExp]>([
    ['isGlobal', 'yes', /"isGlobal" must be a boolean, but is "yes"/],
    ['scope', 'module', /"scope" must be one of "request", "singleton", but is "module"/],
    ['strict', 1, /"strict" must be a boolean, but is 1/],
    ['serverTiming', null, /"serverTiming" must be a boolean, but is null/],
    ['replay', 'page', /"replay" must be one of "handler", "request", but is "page"/],
    ['executor', 'fleet', /"executor" must be one of .*"thread".*"inline".*, but is "fleet"/],
    ['executor', 7, /"executor" must be one of .*, but is 7/],
    ['threads', 4, /"threads" must be an object, but is 4/],
    ['threads', null, /"threads" must be an object, but is null/],
    ['processes', 4, /"processes" must be an object, but is 4/],
    [
      'threads.resourceLimits',
      'none',
      /"threads\.resourceLimits" must be an object, but is "none"/,
    ],
    ['threads.pool', {}, /"threads\.pool" must be a Piscina, but is an object/],
    ['inline', true, /"inline" must be an object, but is true/],
    ['inline.import', './x.js', /"inline\.import" must be a function, but is "\.\/x\.js"/],
    [
      'inline.load',
      true,
      /^There is no option "inline\.load"\. The options are: inline\.import\.$/,
    ],
    ['executors', [], /"executors" must be an object, but is an array/],
    ['executors.fleet', null, /"executors\.fleet" must be an Executor .*, but is null/],
    ['executors.fleet', { run: () => {} }, /"executors\.fleet" must be an Executor .*stats.*close/],
    ['executors.inline', {}, /"executors" cannot name one "inline": that name is built in/],
  ])('%s: %p', async (name, value, message) => {
    expect((await failureOf(optionsWith(name, value))).message).toMatch(message);
  });

  it('a minimum of threads above the maximum', async () => {
    const { message } = await failureOf({ threads: { min: 3, max: 2 } });
    expect(message).toBe('The option "threads.max" must be an integer of 3 or more, but is 2.');
  });

  it('an unknown option: the message lists the known ones', async () => {
    const { message } = await failureOf({ maxPases: 3 });
    expect(message).toMatch(
      /^There is no option "maxPases"\. Did you mean "maxPasses"\? The options are: .*maxPasses/,
    );
    const ofThreads = await failureOf({ threads: { maximum: 3 } });
    expect(ofThreads.message).toMatch(
      /^There is no option "threads\.maximum"\. The options are: .*threads\.max\b/,
    );
  });
});
