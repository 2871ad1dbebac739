import process from 'node:process';
import { Logger } from '@nestjs/common';
import { FutureNotResolvedError, PassDiscardedError, isFuturesException } from '../errors/index.js';
import { isA, textOf, told } from '../errors/text.js';
import { currentPass } from '../request/request-ledger.js';

const logger = new Logger('Futures');

const IS_WATCHED = Symbol('nestjs-futures.stray-rejections');

type Emitter = Pick<NodeJS.Process, 'emit'> & { [IS_WATCHED]?: true };

/**
 * Keeps a promise that a discarded pass left behind from ending the process. The handler started it
 * before barrier() or result() ended the pass, so nobody is left to await it, and Node would treat
 * its rejection as a fatal error.
 *
 * Node raises a rejection if `process.emit('unhandledRejection')` returns false, so that call
 * returns true here, for these rejections only. There is no listener on purpose: with one, Node
 * would treat every rejection of the process as handled, and an app's listener that exits would run
 * for ours as well. With --unhandled-rejections=strict, Node raises them before it emits the event.
 *
 * @internal
 */
export function watchStrayRejections(target: Emitter = process): void {
  if (target[IS_WATCHED] === true) return;
  target[IS_WATCHED] = true;
  const { emit } = target;
  const strays = new WeakSet<object>();
  target.emit = function (this: unknown, ...args: [event: unknown, ...rest: unknown[]]) {
    const [event, first, second] = args;
    if (event === 'unhandledRejection' && isStray(first)) {
      strays.add(second as Promise<unknown>);
      return true;
    }
    // Node need not warn that the rejection was handled later, either.
    if (event === 'rejectionHandled' && strays.has(first as Promise<unknown>)) return true;
    return Reflect.apply(emit, this, args) as boolean;
  } as typeof emit;
}

/** Called in the async context of the promise, if it has one. */
function isStray(reason: unknown): boolean {
  if (isA(reason, PassDiscardedError) || isA(reason, FutureNotResolvedError)) return true;
  // A failed future's error, such as a disconnected client, is thrown in any pass that asks for it.
  if (!isFuturesException(reason) && !isOfDiscardedPass()) return false;
  logger.warn(
    told`A promise was rejected that nobody awaits, because its pass had ended: ${textOf(reason)}`,
  );
  return true;
}

/** Whether the current code belongs to a pass that is discarded, or about to be. */
function isOfDiscardedPass(): boolean {
  const pass = currentPass.getStore();
  return pass !== undefined && (pass.isDiscarded || pass.ledger.pass.mustDiscard);
}
