import { ReplayUnsafeError } from '../errors/index.js';
import type { Executor } from '../executors/executor.js';
import { Executors } from '../executors/executors.js';
import { InlineExecutor } from '../executors/inline.executor.js';
import type { Overrides } from '../executors/overrides.js';
import { FuturesService } from '../futures.service.js';
import { ClientConnection } from '../http/client-connection.js';
import { NO_HEAD } from '../http/response-head.js';
import { replayLimitError } from '../request/drift.js';
import { resolveOptions } from '../request/futures.options.js';
import { FuturesRuntime } from '../request/futures.runtime.js';
import { Ledger } from '../request/ledger.js';
import type { PassOutcome } from '../request/pass.js';
import { differenceInUnread, findUnread } from '../request/unread.js';
import { differenceInArguments, differenceInAsks, differenceInOutcome } from './rehearsal.js';

/**
 * Runs a handler pass by pass, without an app, until nothing is pending. Then runs it once more,
 * and compares the last two passes: keys, tasks, arguments and result. Tasks run on the event loop,
 * whatever executor they are meant for.
 *
 * @param maxPasses default: 5
 * @returns the result of the last pass
 * @throws ReplayUnsafeError with the first difference
 * @throws ReplayLimitError if it still submits in its last pass
 * @throws what the handler throws in a pass that leaves nothing pending
 * @internal
 */
export async function checkReplay<Result>(
  handler: (futures: FuturesService) => Result,
  overrides: Overrides,
  maxPasses?: number,
): Promise<Awaited<Result>> {
  const ledger = openLedger(overrides, maxPasses);
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

function openLedger(overrides: Overrides, maxPasses: number | undefined): Ledger {
  const options = resolveOptions({ strict: true, maxPasses });
  const runtime = new FuturesRuntime(options, new OnlyInline(options), false, overrides);
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

/** Runs everything on the event loop, whatever the name of the executor. */
class OnlyInline extends Executors {
  readonly #inline = new InlineExecutor();

  override get(): Executor {
    return this.#inline;
  }
}
