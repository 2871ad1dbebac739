import type { AdapterName, Benchmark, Measured, Settings } from './benchmark.js';
import { inRounds, loadOnce } from './rounds.js';

export interface Contender {
  readonly name: string;
  /** Its server: file and name, such as `raw/piscina`. */
  readonly app: string;
  readonly path: string;
  /** A path that is asked for once before. */
  readonly before?: string;
  /** Name of the contender it is compared with. Default: the first. */
  readonly against?: string;
  /** Its throughput, as part of that of the one it is compared with, at least. */
  readonly goal?: number;
}

export interface ThroughputOptions {
  readonly name: string;
  readonly title: string;
  readonly contenders: readonly Contender[];
  /** The body of every response. */
  readonly body: string;
  /** Default: 64. */
  readonly connections?: number;
  /** Whether the adapter makes no difference to what is compared, so that one will do. Default: no. */
  readonly isOnOneAdapter?: boolean;
  /** More rounds than others have, for a goal that is close: this many times. Default: 1. */
  readonly moreRounds?: number;
}

/** A comparison of requests per second. */
export function throughput(options: ThroughputOptions): Benchmark {
  return {
    name: options.name,
    title: options.title,
    run: async (settings) => {
      const measured: Measured[] = [];
      const { adapters } = settings;
      for (const adapter of options.isOnOneAdapter === true ? adapters.slice(0, 1) : adapters) {
        measured.push(...(await onAdapter(options, settings, adapter)));
      }
      return measured;
    },
  };
}

async function onAdapter(
  { contenders, body, connections = 64, moreRounds = 1 }: ThroughputOptions,
  { rounds, seconds }: Settings,
  adapter: AdapterName,
): Promise<Measured[]> {
  const values = await inRounds({
    contenders,
    adapter,
    rounds: rounds * moreRounds,
    prepare: async ({ before }, server) => {
      if (before !== undefined) await fetch(server.url + before);
    },
    measure: async ({ path }, server) =>
      (await loadOnce({ url: server.url + path, connections, seconds, body })).throughput,
  });
  return contenders.map((contender): Measured => {
    const { name, against, goal } = contender;
    const other = contenders.find((each) => each.name === against) ?? contenders[0];
    const isBaseline = other === contender;
    return {
      adapter,
      contender: name,
      measure: 'requests/s',
      better: 'higher',
      values: values.get(contender) ?? [],
      baseline:
        other === undefined || isBaseline
          ? undefined
          : { contender: other.name, values: values.get(other) ?? [] },
      goal: goal === undefined ? undefined : { of: 'ratio', atLeast: goal },
    };
  });
}
