import type { AdapterName, Benchmark, Measured, Settings } from './benchmark.js';
import { inRounds, loadOnce } from './rounds.js';

export interface Contender {
  readonly name: string;
  /** Its server: file and name, such as `raw/piscina`. */
  readonly app: string;
  readonly path: string;
  /** A path to request once beforehand. */
  readonly before?: string;
  /** Name of the contender it is compared with. Default: the first. */
  readonly against?: string;
  /** Its minimum throughput, as a fraction of that contender's throughput. */
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
  /** Whether one adapter is enough, since adapters make no difference. Default: no. */
  readonly isOnOneAdapter?: boolean;
  /** Multiplies the number of rounds, for a goal that is close. Default: 1. */
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

/** How long a server is loaded before the first round, in s: until V8 has optimized its code. */
const WARM_UP = 1.5;

/** One round's figures for a contender. */
interface Figures {
  readonly 'requests/s': number;
  /** All threads of the server. Less affected than throughput by what else the machine does. */
  readonly 'CPU µs/request': number;
}

async function onAdapter(
  options: ThroughputOptions,
  { rounds, seconds }: Settings,
  adapter: AdapterName,
): Promise<Measured[]> {
  const { contenders, body, connections = 64, moreRounds = 1 } = options;
  const figures = await inRounds({
    contenders,
    adapter,
    rounds: rounds * moreRounds,
    warmUp: async ({ path, before }, { url }) => {
      if (before !== undefined) await fetch(url + before);
      await loadOnce({ url: url + path, connections, seconds: WARM_UP, body });
    },
    measure: async ({ path }, server): Promise<Figures> => {
      await server.watch();
      const load = await loadOnce({ url: server.url + path, connections, seconds, body });
      const { cpu } = await server.watched();
      return { 'requests/s': load.throughput, 'CPU µs/request': (cpu / load.responses) * 1000 };
    },
  });
  return [
    ...contenders.map((each) => rowOf(each, 'requests/s')),
    ...contenders.map((each) => rowOf(each, 'CPU µs/request')),
  ];

  function rowOf(contender: Contender, measure: keyof Figures): Measured {
    const { name, against, goal } = contender;
    const other = contenders.find((each) => each.name === against) ?? contenders[0];
    const values = (of: Contender) => (figures.get(of) ?? []).map((round) => round[measure]);
    return {
      adapter,
      contender: name,
      measure,
      better: measure === 'requests/s' ? 'higher' : 'lower',
      values: values(contender),
      baseline:
        other === undefined || other === contender
          ? undefined
          : { contender: other.name, values: values(other) },
      goal:
        goal === undefined || measure !== 'requests/s' ? undefined : { of: 'ratio', atLeast: goal },
    };
  }
}
