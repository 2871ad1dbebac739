import { AsyncLocalStorage } from 'node:async_hooks';
import type { Ledger } from './ledger.js';

/** The pass that code belongs to. */
export interface CurrentPass {
  readonly ledger: Ledger;
  /** Whether its outcome was thrown away. */
  isDiscarded: boolean;
}

/**
 * The pass that the current code belongs to, for those who cannot find its ledger by their request:
 * the singleton `FuturesService`, and everything outside HTTP.
 *
 * It is entered only for these: a store that was ever entered slows down every promise of the
 * process on Node 20 and 22. It holds nothing itself, so that apps do not meet in it.
 *
 * @internal
 */
export const currentPass = new AsyncLocalStorage<CurrentPass>();

/** The ledger of the current pass, if there is one. @internal */
export function currentLedger(): Ledger | undefined {
  return currentPass.getStore()?.ledger;
}
