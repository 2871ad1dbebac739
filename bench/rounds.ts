import type { AdapterName } from './benchmark.js';
import { load } from './load/load.js';
import type { Load } from './load/requests.js';
import { withServers, type Server } from './servers/server.js';

export interface RoundsOptions<C, Value> {
  readonly contenders: readonly C[];
  readonly adapter: AdapterName;
  readonly rounds: number;
  /** Compiles a contender's code and fills its pools. Default: `measure`, without its result. */
  readonly warmUp?: (contender: C, server: Server) => Promise<unknown>;
  /** Measures one contender once. */
  readonly measure: (contender: C, server: Server) => Promise<Value>;
}

/**
 * Measures all contenders in each round, one after the other, so that a disturbance of the machine
 * affects all of them. Every other round runs backwards, so that none is always the first.
 *
 * @returns each contender's values, one per round
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

/** Measures contenders in turns, each on a server that keeps running. */
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

/** How long a server is loaded before each round, as a fraction of the measured time. */
const RUN_UP = 0.25;

/** Loads a server for one round. */
export function loadOnce(round: Omit<Load, 'runUp'>) {
  return load({ ...round, runUp: round.seconds * RUN_UP });
}
