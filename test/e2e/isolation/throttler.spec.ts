import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ReplayMode } from '../../../src/index.js';

const APP = fileURLToPath(new URL('../../fixtures/throttled-app.js', import.meta.url));

interface Throttled {
  readonly adapter: string;
  readonly place: string;
  readonly replay: ReplayMode;
  /** Of guarded runs. */
  readonly limit: number;
  readonly requests: number;
}

const settings = ['express', 'fastify'].flatMap((adapter) =>
  ['APP_GUARD', '@UseGuards()'].flatMap((place): Throttled[] => [
    { adapter, place, replay: 'handler', limit: 2, requests: 3 },
    { adapter, place, replay: 'request', limit: 3, requests: 2 },
  ]),
);

/** What the throttled route of each setting answered to a number of requests, one after the other. */
let answers: unknown[] = [];

beforeAll(async () => {
  const args = [APP, JSON.stringify(settings)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 30_000 });
  answers = JSON.parse(stdout) as unknown[];
}, 40_000);

function answersOf(adapter: string, place: string, replay: ReplayMode): unknown {
  return answers[
    settings.findIndex(
      (each) => each.adapter === adapter && each.place === place && each.replay === replay,
    )
  ];
}

const letIn = (remaining: number) => ({
  status: 200,
  text: 'value',
  remaining: String(remaining),
});
const turnedAway = { status: 429, text: '' };

describe.each([
  ['express', 'APP_GUARD'],
  ['express', '@UseGuards()'],
  ['fastify', 'APP_GUARD'],
  ['fastify', '@UseGuards()'],
])('the ThrottlerGuard (%s, %s)', (adapter, place) => {
  it("counts a request of two passes once, with replay: 'handler'", () => {
    expect(answersOf(adapter, place, 'handler')).toMatchObject({
      answers: [letIn(1), letIn(0), turnedAway],
      passes: [1, 2, 1, 2],
    });
  });

  it("counts each pass, with replay: 'request', and may turn away the second", () => {
    expect(answersOf(adapter, place, 'request')).toMatchObject({
      answers: [letIn(1), turnedAway],
      passes: [1, 2, 1],
    });
  });
});
