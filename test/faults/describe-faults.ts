import { onEachAdapter, type TestApp } from '../support/app.js';
import { expectNothingLeft, openResources } from '../support/open-resources.js';
import { ask } from './ask.js';
import { deskOf, expectWhole, occupy, sendHealthy } from './desk.js';
import { FAULTS_OF, type Fault, type Kind } from './faults.js';

/** Meets each fault, alone and among other requests, in workers of that kind. */
export function describeFaults(kind: Kind): void {
  onEachAdapter(`in a ${kind},`, (start) => {
    describe.each(FAULTS_OF[kind])('$name', (fault) => {
      it.each([
        ['alone', 1, 0],
        ['under 50 concurrent requests', 3, 50],
      ])('%s', async (_, faulty, healthy) => {
        const before = openResources();
        const app = await start(deskOf(kind, fault.meet));
        await meet(app, fault, faulty, healthy);
        await expectWhole(app, kind);
        expectLogged(app, fault, faulty);
        await app.close();
        await expectNothingLeft(before);
        expectLogged(app, fault, faulty);
      });
    });
  });
}

async function meet(app: TestApp, fault: Fault, faulty: number, healthy: number): Promise<void> {
  const occupation = fault.isMetWhenOccupied ? await occupy(app) : undefined;
  const before = sendHealthy(app, healthy / 2);
  const answers = Array.from({ length: faulty }, (_, n) => ask(app.url, `/fault/${n}`));
  const behind = sendHealthy(app, healthy / 2);
  for (const { status, headers, body } of await Promise.all(answers)) {
    expect(status).toBe(fault.status);
    expect(JSON.parse(body)).toMatchObject({ statusCode: fault.status });
    if (status === 503) expect(headers).toMatch(/\r\nretry-after: [1-9]\d*\r\n/i);
  }
  await occupation?.release();
  await before.expectRight();
  await behind.expectRight();
}

/** Jest itself fails a test during which a promise is rejected unseen. */
function expectLogged({ log }: TestApp, { logged }: Fault, faulty: number): void {
  const expected = logged === undefined ? [] : Array.from({ length: faulty }, (_, n) => n);
  const keys = log.errors.map((entry) => /fault (\d+)\./.exec(entry)?.[1] ?? entry);
  expect(keys.toSorted()).toEqual(expected.map(String));
  for (const entry of log.errors) expect(entry).toContain(logged);
  expect(log.warnings).toEqual([]);
}
