import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { request } from '../../support/app.js';
import { REPLAY_MODES } from '../../support/interceptor-places.js';
import {
  createDatabase,
  dropDatabase,
  forgetVisits,
  postgres,
  visits,
  type DatabaseAddress,
} from '../../support/postgres.js';
import { describeWith } from '../../support/services.js';

const program = fileURLToPath(new URL('../../fixtures/transactional-app.js', import.meta.url));

/** Each adapter, with each way nestjs-cls opens its context, with each replay mode. */
const settings = ['express', 'fastify'].flatMap((adapter) =>
  ['middleware', 'interceptor'].flatMap((mount) =>
    REPLAY_MODES.map((replay) => [adapter, mount, replay] as const),
  ),
);

describeWith(postgres, '@Transactional() of nestjs-cls, on a pool of one connection', () => {
  let address: DatabaseAddress;

  beforeAll(async () => {
    address = await createDatabase();
  });
  afterEach(() => forgetVisits(address));
  afterAll(() => dropDatabase(address));

  describe.each(settings)("(%s, mounted as %s, replay: '%s')", (adapter, mount, replay) => {
    let app: ChildProcess;
    let errors: Promise<string>;
    let url: string;
    const get = (path: string) => request(`${url}/${path}`);

    beforeAll(async () => {
      const setting = JSON.stringify({ adapter, mount, replay, address });
      app = fork(program, [setting], { stdio: ['ignore', 'inherit', 'pipe', 'ipc'], execArgv: [] });
      errors = text(app.stderr as NodeJS.ReadableStream);
      const failed = once(app, 'exit').then(async () => {
        throw new Error(`The app did not start: ${await errors}`);
      });
      [url] = (await Promise.race([once(app, 'message'), failed])) as [string];
      failed.catch(() => {});
    });
    afterAll(async () => {
      const exit = once(app, 'exit');
      app.disconnect();
      expect(await exit).toEqual([0, null]);
      expect(await errors).toBe('');
    });

    it('is rolled back by barrier() in a method of a service', async () => {
      expect(await get('barrierInService')).toMatchObject({ status: 200, body: { sum: 3 } });
      expect(await visits(address)).toEqual(['pass 2']);
    });

    it('is rolled back by barrier() in a handler, and its connection serves others meanwhile', async () => {
      const slow = get('slow');
      expect((await get('waitForSubmission')).body).toEqual({ totalCount: 1, idleCount: 1 });
      expect((await get('quick')).body).toEqual({ ok: true });
      expect(await visits(address)).toEqual(['quick']);
      await get('release');
      expect((await slow).body).toEqual({ pass: 2 });
      expect(await visits(address)).toEqual(['quick', 'slow, pass 2', 'after the barrier']);
    });

    it('is committed before the pass is judged if it does not call barrier()', async () => {
      expect((await get('noBarrier')).body).toEqual({ sum: 3 });
      expect(await visits(address)).toEqual(['pass 1', 'pass 2']);
    });
  });
});
