import type { AdapterName } from './benchmark.js';
import { load } from './load/load.js';
import type { Load } from './load/requests.js';
import { withServers, type Server } from './servers/server.js';

export interface RoundsOptions<C, Value> {
  readonly contenders: readonly C[];
  readonly adapter: AdapterName;
  readonly rounds: number;
  /** Has a contender's code compiled and its pools filled. Default: measures it, for nothing. */
  readonly warmUp?: (contender: C, server: Server) => Promise<unknown>;
  /** Measures one contender once. */
  readonly measure: (contender: C, server: Server) => Promise<Value>;
}

/**
 * Measures all contenders in each round, one after the other, so that what disturbs the machine for a
 * while disturbs all. Every other round goes backwards, so that none is always the first.
 *
 * @returns each contender's values, one a round
 */
export async function inTurns<C, Value>(
  contenders: readonly C[],
  rounds: number,
  measure: (contender: C) => Promise<Value>,
): Promise<Map<C, Value[]>> {
  const values = new Map<C, Value[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round++) {
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
      values.get(contender)?.push(await measure(contender));
    }
  }
  return values;
}

/** Measures contenders in turns, with a server for each that stays. */
export function inRounds<C extends { readonly app: string }, Value>({
  contenders,
  adapter,
  rounds,
  measure,
  warmUp = measure,
}: RoundsOptions<C, Value>): Promise<Map<C, Value[]>> {
  const apps = new Map(contenders.map((contender) => [contender, contender.app]));
  return withServers(apps, adapter, async (servers) => {
    for (const [contender, server] of servers) await warmUp(contender, server);
    return inTurns(contenders, rounds, (contender) =>
      measure(contender, servers.get(contender) as Server),
    );
  });
}

/** Part of the time measured that a server is loaded before, in each round. */
const RUN_UP = 0.25;

/** Loads a server for one round. */
export function loadOnce(round: Omit<Load, 'runUp'>) {
  return load({ ...round, runUp: round.seconds * RUN_UP });
}
