import { WorkerPool } from '../../src/index.js';
import { onEachAdapter, type TestApp } from '../support/app.js';
import { expectNothingLeft, openResources } from '../support/open-resources.js';
import { deskOf, occupy, sendHealthy } from './desk.js';
import type { Kind } from './faults.js';
import { until } from '../support/wait.js';

/** What 50 healthy requests ask for in their first passes. */
const HEALTHY_CALLS = { 0: 0, 50: 51 };

/** Resolves when so many calls have come to the executor. */
async function arrived({ app }: TestApp, kind: Kind, calls: number): Promise<void> {
  await until(`${calls} calls to arrive`, () => {
    const { queued = 0, running = 0 } = app.get(WorkerPool).stats()[kind] ?? {};
    return queued + running >= calls;
  });
}

/** Starts to close the app; what it returns resolves when it is closed. */
async function beginToClose({ app }: TestApp): Promise<{ closed: Promise<void> }> {
  const server = app.getHttpServer() as { listening: boolean };
  const closed = app.close();
  await until('the server to stop listening', () => !server.listening);
  return { closed };
}

describe.each(['thread', 'process'] as const)('in a %s,', (kind) => {
  describe.each([
    ['alone', 1, 0],
    ['under 50 concurrent requests', 5, 50],
  ] as const)('%s,', (_, held, healthy) => {
    onEachAdapter('tasks in flight when the app is closed', (start) => {
      it('run to their end, and so do those of later passes', async () => {
        const open = openResources();
        const app = await start(deskOf(kind));
        const occupation = await occupy(app, held);
        const others = sendHealthy(app, healthy);
        await arrived(app, kind, held + HEALTHY_CALLS[healthy]);
        const { closed } = await beginToClose(app);
        await occupation.release();
        await others.expectRight();
        await closed;
        expect(app.app.get(WorkerPool).stats()[kind]?.workers).toBe(0);
        expect([...app.log.errors, ...app.log.warnings]).toEqual([]);
        await expectNothingLeft(open);
      });

      it('are given up after shutdownTimeout, and answered with 503', async () => {
        const open = openResources();
        const app = await start(deskOf(kind, undefined, { shutdownTimeout: 50 }));
        const occupation = await occupy(app, held);
        const others = sendHealthy(app, healthy);
        await arrived(app, kind, held + HEALTHY_CALLS[healthy]);
        const { closed } = await beginToClose(app);
        for (const { path, status, headers } of [
          ...(await occupation.answers),
          ...(await others.answers),
        ]) {
          const isPlain = path.startsWith('/plain');
          expect({ path, status }).toEqual({ path, status: isPlain ? 200 : 503 });
          if (!isPlain) expect(headers).toMatch(/\r\nretry-after: [1-9]\d*\r\n/i);
        }
        await closed;
        expect(app.app.get(WorkerPool).stats()[kind]?.workers).toBe(0);
        expect([...app.log.errors, ...app.log.warnings]).toEqual([]);
        await occupation.leave();
        await expectNothingLeft(open);
      });
    });
  });
});
