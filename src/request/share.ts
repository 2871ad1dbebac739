import type { ExecutionContext } from '@nestjs/common';
import { FuturesOptionsError } from '../errors/index.js';
import { describe } from '../errors/text.js';
import type { Call } from '../executors/executor.js';
import type { ResolvedOptions } from './futures.options.js';

/** The share that the calls of a request belong to, and how much work that share may do. */
export type Share = Pick<Call, 'share' | 'weight'>;

const OWN: Share = {};

/**
 * Asks the options `share` and `weight`.
 *
 * @param context undefined outside of requests
 * @returns no name if the request is a share of its own
 * @throws FuturesOptionsError if one of them returns something else than it must
 * @internal
 */
export function shareOf(
  { share: nameOf, weight: weightOf }: ResolvedOptions,
  context: ExecutionContext | undefined,
): Share {
  if (nameOf === undefined || context === undefined) return OWN;
  const share: unknown = nameOf(context);
  if (share === undefined) return OWN;
  if (typeof share !== 'string') {
    throw new FuturesOptionsError(
      `The option "share" must return a string, or undefined for a share of the request's own, but returned ${describe(share)}.`,
    );
  }
  const weight: unknown = weightOf?.(share);
  if (weight === undefined || (Number.isFinite(weight) && (weight as number) > 0)) {
    return { share, weight: weight as number | undefined };
  }
  throw new FuturesOptionsError(
    `The option "weight" must return a number over 0, or undefined for 1, but returned ${describe(weight)}.`,
  );
}
