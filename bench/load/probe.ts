import { setTimeout } from 'node:timers/promises';

/** Between two requests, in ms: asked for without a pause, the page would take a core of its own. */
const PAUSE = 10;

/**
 * Asks for a light page again and again, one request at a time, for as long as `heavy` is under
 * way: at least once.
 *
 * @returns the 99th percentile of how long a response took, in ms
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
