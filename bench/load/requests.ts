/** What is asked of a server. */
export interface Requests {
  readonly url: string;
  readonly connections: number;
  /** The body of each response: another one fails. */
  readonly body: string;
}

/** Requests as fast as they are answered. */
export interface Load extends Requests {
  /** How long they are measured, in s. */
  readonly seconds: number;
  /** How long they are sent before that, in s. */
  readonly runUp: number;
}

export interface LoadResult {
  /** Responses in all, those before the measuring began included. */
  readonly responses: number;
  /** In a second. */
  readonly throughput: number;
}

/** How often a response was not what it must be. */
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
