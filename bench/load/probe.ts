import { setTimeout } from 'node:timers/promises';

/** Pause between requests, in ms: without one, they would take up a core. */
const PAUSE = 10;

/**
 * Requests a light page repeatedly, one request at a time, until `heavy` settles; at least once.
 *
 * @returns the 99th percentile of the response times, in ms
 */
export async function probe(url: string, body: string, heavy: Promise<unknown>): Promise<number> {
  const state = { isOver: false };
  const end = () => (state.isOver = true);
  heavy.then(end, end);
  const latencies: number[] = [];
  do {
    const start = performance.now();
    const text = await (await fetch(url)).text();
    if (text !== body) throw new Error(`${url} answered ${text}.`);
    latencies.push(performance.now() - start);
    await setTimeout(PAUSE);
  } while (!state.isOver);
  return latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * 0.99)] as number;
}
