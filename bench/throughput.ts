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

/** How long a server is loaded before the first round, in s: until V8 has optimised what counts. */
const WARM_UP = 1.5;

/** What a round gives for each contender. */
interface Figures {
  readonly 'requests/s': number;
  /** Of all threads of the server: what else the machine does matters less to it. */
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
