export type AdapterName = 'fastify' | 'express';

/** What the command line asks for. */
export interface Settings {
  /** How often each contender is measured. */
  readonly rounds: number;
  /** How long each contender is measured in a round, in s. */
  readonly seconds: number;
  readonly adapters: readonly AdapterName[];
  /** Whether the benchmark was asked for by name, so it may take its time. */
  readonly isNamed: boolean;
}

/** What a contender must reach: in its own value, or compared with its baseline. */
export interface Goal {
  readonly of: 'ratio' | 'difference' | 'value';
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** The result of one contender by one measure. */
export interface Measured {
  readonly adapter: AdapterName;
  readonly contender: string;
  /** What is measured, such as `requests/s`. */
  readonly measure: string;
  readonly better: 'higher' | 'lower';
  /** One value per round. */
  readonly values: readonly number[];
  /** Name and values of the contender it is compared with, by the same measure. */
  readonly baseline?:
    { readonly contender: string; readonly values: readonly number[] } | undefined;
  readonly goal?: Goal | undefined;
}

/** One comparison. To add one, export it in `benchmarks/` and list it in `benchmarks/index.ts`. */
export interface Benchmark {
  readonly name: string;
  /** What is compared, in one line. */
  readonly title: string;
  run(settings: Settings): Promise<Measured[]>;
}
