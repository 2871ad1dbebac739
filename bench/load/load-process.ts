import autocannon, { type Result } from 'autocannon';
import { answer } from '../child.js';

/** What is asked of a server. */
export interface Load {
  readonly url: string;
  readonly connections: number;
  /** How long it is measured, in s. */
  readonly seconds: number;
  /** How long it is loaded before that, in s. */
  readonly warmUp: number;
  /** The body of each response: another one fails. */
  readonly body: string;
  /** Requests in a second. Default: as many as are answered. */
  readonly rate?: number | undefined;
}

export interface LoadResult {
  /** Requests that were answered in the time measured. */
  readonly requests: number;
  /** In a second. */
  readonly throughput: number;
  /** In ms. */
  readonly latency: { readonly mean: number; readonly p50: number; readonly p99: number };
}

const answers = { load };

/** What the process that loads servers answers. */
export type LoadAnswers = typeof answers;

answer(answers);

async function load({ warmUp, ...options }: Load): Promise<LoadResult> {
  const { url, connections, seconds, body, rate } = options;
  const latencies: number[] = [];
  const from = performance.now() + warmUp * 1000;
  let until = from;
  const { non2xx, errors, mismatches } = await new Promise<Result>((resolve, reject) => {
    const done = (error: unknown, result: Result) => (error ? reject(error) : resolve(result));
    const instance = autocannon(
      {
        url,
        connections,
        duration: warmUp + seconds,
        expectBody: body,
        timeout: 60,
        // How finely the end is measured, in ms.
        sampleInt: 20,
        ...(rate === undefined ? {} : { overallRate: rate, ignoreCoordinatedOmission: true }),
      },
      done,
    );
    instance.on('response', (_client, _status, _bytes, time) => {
      const now = performance.now();
      if (now < from) return;
      latencies.push(time);
      until = now;
    });
  });
  if (non2xx + errors + mismatches > 0 || latencies.length === 0) {
    throw new Error(
      `${url}: ${latencies.length} responses, of which ${non2xx} not 2xx and ${mismatches} with another body than ${body.slice(0, 80)}; ${errors} errors.`,
    );
  }
  latencies.sort((a, b) => a - b);
  return {
    requests: latencies.length,
    throughput: latencies.length / ((until - from) / 1000),
    latency: {
      mean: latencies.reduce((sum, each) => sum + each, 0) / latencies.length,
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
    },
  };
}

function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
