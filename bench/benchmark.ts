export type AdapterName = 'fastify' | 'express';

/** What the command line asks for. */
export interface Settings {
  /** How often each contender is measured. */
  readonly rounds: number;
  /** How long each is measured in a round, in s. */
  readonly seconds: number;
  readonly adapters: readonly AdapterName[];
  /** Whether the benchmark was asked for by name, so that it may take its time. */
  readonly isNamed: boolean;
}

/** What a contender has to reach: its value, or its value against its baseline's. */
export interface Goal {
  readonly of: 'ratio' | 'difference' | 'value';
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** What one contender came to, by one measure. */
export interface Measured {
  readonly adapter: AdapterName;
  readonly contender: string;
  /** What is measured, such as `requests/s`. */
  readonly measure: string;
  readonly better: 'higher' | 'lower';
  /** One value a round. */
  readonly values: readonly number[];
  /** Name and values of the contender that it is compared with, by the same measure. */
  readonly baseline?:
    { readonly contender: string; readonly values: readonly number[] } | undefined;
  readonly goal?: Goal | undefined;
}

/** One comparison, by name. To add one, export it from a file in `benchmarks/` and list it in `benchmarks/index.ts`. */
export interface Benchmark {
  readonly name: string;
  /** What is compared, in one line. */
  readonly title: string;
  run(settings: Settings): Promise<Measured[]>;
}
