import autocannon, { type Options, type Result } from 'autocannon';
import { answer } from '../child.js';
import { checkResponses, type Load, type LoadResult, type Requests } from './requests.js';

const answers = { load, send };

/** What the process that loads servers with autocannon answers. */
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

async function send({
  amount,
  ...requests
}: Requests & { readonly amount: number }): Promise<number> {
  let sum = 0;
  await run(requests, { amount }, (latency) => (sum += latency));
  return sum / amount;
}

/** @param onResponse called with the latency of each response, in ms */
async function run(
  requests: Requests,
  until: Pick<Options, 'amount' | 'duration'>,
  onResponse: (latency: number) => void,
): Promise<void> {
  const { url, connections, body } = requests;
  const result = await new Promise<Result>((resolve, reject) => {
    const instance = autocannon(
      {
        url,
        connections,
        expectBody: body,
        timeout: 60,
        // How precisely the end is measured, in ms.
        sampleInt: 20,
        ...until,
      },
      (error: unknown, result: Result) => (error ? reject(error) : resolve(result)),
    );
    instance.on('response', (_client, _status, _bytes, time) => onResponse(time));
  });
  checkResponses(requests, result);
}
