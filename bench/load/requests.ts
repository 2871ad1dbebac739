/** The requests that a server gets. */
export interface Requests {
  readonly url: string;
  readonly connections: number;
  /** The body that each response must have. */
  readonly body: string;
}

/** Sends requests as fast as they are answered. */
export interface Load extends Requests {
  /** How long to measure, in s. */
  readonly seconds: number;
  /** How long to send requests before measuring, in s. */
  readonly runUp: number;
}

export interface LoadResult {
  /** Total number of responses, including those from before the measurement. */
  readonly responses: number;
  /** Responses per second. */
  readonly throughput: number;
}

/** How many responses were wrong. */
export interface Faults {
  readonly non2xx: number;
  /** Responses that had another body. */
  readonly mismatches: number;
  readonly errors: number;
}

/** @throws Error that says what was wrong with the responses, if anything was */
export function checkResponses({ url, body }: Requests, faults: Faults): void {
  const { non2xx, mismatches, errors } = faults;
  if (non2xx + mismatches + errors === 0) return;
  throw new Error(
    `${url}: ${non2xx} responses were not 2xx, ${mismatches} had another body than ${body.slice(0, 80)}; ${errors} errors.`,
  );
}
