import { ReplayUnsafeError } from '../errors/index.js';
import type { Call, Executor, Outcome } from '../executors/executor.js';
import { Executors } from '../executors/executors.js';
import { InlineExecutor } from '../executors/inline.executor.js';
import { resolveOptions, type ResolvedOptions } from '../request/futures.options.js';
import { FuturesRuntime } from '../request/futures.runtime.js';
import { FuturesService } from '../futures.service.js';
import { ClientConnection } from '../http/client-connection.js';
import { replayLimitError } from '../request/drift.js';
import { Ledger } from '../request/ledger.js';
import type { PassOutcome } from '../request/pass.js';
import { differenceInUnread, findUnread } from '../request/unread.js';
import {
  differenceInArguments,
  differenceInAsks,
  differenceInOutcome,
} from '../replay/rehearsal.js';
import { NO_HEAD } from '../http/response-head.js';

/** Options of {@link assertReplaySafe}. */
export interface AssertReplaySafeOptions {
  /** Values of futures by key; their tasks do not run. Default: all tasks run on the event loop. */
  readonly results?: Readonly<Record<string, unknown>>;
  /** Maximum number of passes. Default: 5. */
  readonly maxPasses?: number;
}

/**
 * Runs a handler pass by pass until nothing is pending, then once more, and compares the last two
 * passes: keys, tasks, arguments and result. For unit tests: no app, no server, no workers.
 *
 * @param handler what to run; it gets the `FuturesService` of a request of its own
 * @returns the result of the last pass
 * @throws ReplayUnsafeError with the first difference
 * @throws ReplayLimitError if it still submits in its last pass
 * @throws what the handler throws in a pass that leaves nothing pending
 *
 * @example
 * ```ts
 * const page = await assertReplaySafe((futures) => new DeskController(futures).page('2026'), {
 *   results: { chart: '<svg/>' },
 * });
 * ```
 *
 * @publicApi
 */
export async function assertReplaySafe<Result>(
  handler: (futures: FuturesService) => Result,
  { results = {}, maxPasses }: AssertReplaySafeOptions = {},
): Promise<Awaited<Result>> {
  const ledger = openLedger(new GivenResults(results), maxPasses);
  const futures = new FuturesService(() => ledger);
  let outcome = await runPass(handler, futures);
  while (ledger.pass.mustDiscard) {
    await ledger.pass.discard();
    if (ledger.pass.number >= ledger.runtime.options.maxPasses) throw replayLimitError(ledger);
    await ledger.resolvePending();
    ledger.pass.next();
    outcome = await runPass(handler, futures);
  }
  if (ledger.pass.failure !== undefined) throw ledger.pass.failure;
  if ('error' in outcome) throw outcome.error;

  const { asks } = ledger.pass;
  const unread = differenceInUnread(findUnread(ledger, outcome.value));
  ledger.pass.rehearse();
  const repeated = await runPass(handler, futures);
  const difference =
    unread ??
    differenceInArguments(asks, ledger) ??
    differenceInAsks(asks, ledger.pass.asks) ??
    differenceInOutcome(outcome, repeated);
  ledger.pass.end();
  if (difference !== undefined) {
    throw new ReplayUnsafeError(handler.name || 'The handler', difference);
  }
  return outcome.value as Awaited<Result>;
}

function openLedger(executor: Executor, maxPasses: number | undefined): Ledger {
  const options = resolveOptions({ strict: true, maxPasses });
  const runtime = new FuturesRuntime(options, new OneExecutor(options, executor), false);
  const client = ClientConnection.of(undefined);
  const ledger = new Ledger({ runtime, client, head: NO_HEAD });
  ledger.request = ledger;
  return ledger;
}

async function runPass(
  handler: (futures: FuturesService) => unknown,
  futures: FuturesService,
): Promise<PassOutcome> {
  try {
    return { value: await handler(futures) };
  } catch (error) {
    return { error };
  }
}

/** Has one executor stand for all, whatever their names. */
class OneExecutor extends Executors {
  readonly #executor: Executor;

  constructor(options: ResolvedOptions, executor: Executor) {
    super(options);
    this.#executor = executor;
  }

  override get(): Executor {
    return this.#executor;
  }
}

/** Returns the given values, and runs all other tasks on the event loop. */
class GivenResults extends InlineExecutor {
  readonly #results: Readonly<Record<string, unknown>>;

  constructor(results: Readonly<Record<string, unknown>>) {
    super();
    this.#results = results;
  }

  override async run(calls: readonly Call[]): Promise<Outcome[]> {
    return Promise.all(calls.map((call) => this.#runOne(call)));
  }

  async #runOne(call: Call): Promise<Outcome> {
    const { key } = call;
    if (key !== undefined && Object.hasOwn(this.#results, key)) {
      const value = this.#results[key];
      return { status: 'resolved', value, worker: 'given', wait: 0, run: 0 };
    }
    const [outcome] = await super.run([call]);
    return outcome as Outcome;
  }
}
