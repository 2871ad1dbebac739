import { AsyncLocalStorage } from 'node:async_hooks';
import type { Ledger } from './ledger.js';

/**
 * The ledger of the pass that the current code belongs to, for those who cannot find it by their
 * request: the singleton `FuturesService`, and everything outside HTTP.
 *
 * It is entered only for these: a store that was ever entered slows down every promise of the
 * process on Node 20 and 22. It holds nothing itself, so that apps do not meet in it.
 *
 * @internal
 */
export const currentLedger = new AsyncLocalStorage<Ledger>();
