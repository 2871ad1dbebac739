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

/** What a throttled route answered to a number of requests, one after the other. */
async function ask(options: Throttled): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [APP, JSON.stringify(options)], {
    timeout: 15_000,
  });
  return JSON.parse(stdout);
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
  it("counts a request of two passes once, with replay: 'handler'", async () => {
    expect(await ask({ adapter, place, replay: 'handler', limit: 2, requests: 3 })).toMatchObject({
      answers: [letIn(1), letIn(0), turnedAway],
      passes: [1, 2, 1, 2],
    });
  });

  it("counts each pass, with replay: 'request', and may turn away the second", async () => {
    expect(await ask({ adapter, place, replay: 'request', limit: 3, requests: 2 })).toMatchObject({
      answers: [letIn(1), turnedAway],
      passes: [1, 2, 1],
    });
  });
});
