import autocannon, { type Options, type Result } from 'autocannon';
import { answer } from '../child.js';

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

const answers = { load, send };

/** What the process that loads servers answers. */
export type LoadAnswers = typeof answers;

answer(answers);

async function load({ seconds, runUp, ...requests }: Load): Promise<LoadResult> {
  let responses = 0;
  let measured = 0;
  const from = performance.now() + runUp * 1000;
  let until = from;
  await run(requests, { duration: runUp + seconds }, () => {
    responses++;
    const now = performance.now();
    if (now < from) return;
    measured++;
    until = now;
  });
  if (measured === 0) throw new Error(`${requests.url}: no response in ${seconds} s.`);
  return { responses, throughput: measured / ((until - from) / 1000) };
}

/** Sends so many requests; returns how long one took on average, in ms. */
async function send({
  amount,
  ...requests
}: Requests & { readonly amount: number }): Promise<number> {
  let sum = 0;
  await run(requests, { amount }, (latency) => (sum += latency));
  return sum / amount;
}

/** @param onResponse told of each response's latency, in ms */
async function run(
  { url, connections, body }: Requests,
  until: Pick<Options, 'amount' | 'duration'>,
  onResponse: (latency: number) => void,
): Promise<void> {
  const { non2xx, errors, mismatches } = await new Promise<Result>((resolve, reject) => {
    const instance = autocannon(
      {
        url,
        connections,
        expectBody: body,
        timeout: 60,
        // How finely the end is measured, in ms.
        sampleInt: 20,
        ...until,
      },
      (error: unknown, result: Result) => (error ? reject(error) : resolve(result)),
    );
    instance.on('response', (_client, _status, _bytes, time) => onResponse(time));
  });
  if (non2xx + errors + mismatches === 0) return;
  throw new Error(
    `${url}: ${non2xx} responses were not 2xx, ${mismatches} had another body than ${body.slice(0, 80)}; ${errors} errors.`,
  );
}
