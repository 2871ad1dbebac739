import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { FuturesService } from '../../src/index.js';
import { onEachAdapter, type TestApp } from '../support/app.js';
import { expectNothingLeft, openResources } from '../support/open-resources.js';
import { deskOf, expectWhole, sendHealthy } from './desk.js';
import { WORKERS } from './faults.js';
import { Gate, gateTasks } from '../support/gate.js';
import { until } from '../support/wait.js';

/** A client that asks, and hangs up. */
class Client {
  readonly #socket: Socket;
  received = '';

  constructor({ url }: TestApp) {
    const { hostname, port } = new URL(url);
    this.#socket = connect({ host: hostname, port: Number(port) });
    this.#socket.setEncoding('utf8').on('data', (text: string) => (this.received += text));
  }

  ask(path: string): void {
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  }

  /** Asks, and reads the answer; the connection is kept alive. */
  async askFirst(path: string): Promise<void> {
    this.ask(path);
    while (!this.received.endsWith('}')) await once(this.#socket, 'data');
    this.received = '';
  }

  hangUp(): void {
    this.#socket.destroy();
  }
}

describe.each(['thread', 'process'] as const)('in a %s,', (kind) => {
  onEachAdapter('a client that hangs up while its task runs or waits', (start) => {
    it.each([
      ['alone', 1, 0],
      ['under 50 concurrent requests', 5, 50],
    ])('%s', async (_, leaving, healthy) => {
      const open = openResources();
      const gate = await Gate.make();
      const passes: string[] = [];
      const meet = (futures: FuturesService, key: string) => {
        passes.push(`${key} ${futures.pass}`);
        return futures.resultOrSubmit(key, 'placeholder', gateTasks.enter, gate.port);
      };
      const app = await start(deskOf(kind, meet));
      const clients = Array.from({ length: leaving }, () => new Client(app));
      const kept = clients.filter((_, n) => n % 2 === 1);
      await Promise.all(kept.map((client) => client.askFirst('/plain/1')));
      const before = sendHealthy(app, healthy / 2);
      for (const [n, client] of clients.entries()) client.ask(`/fault/${n}`);
      const behind = sendHealthy(app, healthy / 2);
      const running = Math.min(leaving, WORKERS);
      await gate.reached(running);
      await until('the first passes', () => passes.length >= leaving);
      for (const client of clients) client.hangUp();
      await before.expectRight();
      await behind.expectRight();
      await expectWhole(app, kind);
      await app.close();

      expect(passes.toSorted()).toEqual(clients.map((_, n) => `fault ${n}. 1`));
      expect(clients.map(({ received }) => received)).toEqual(clients.map(() => ''));
      expect(gate.seen).toBe(running);
      expect([...app.log.errors, ...app.log.warnings]).toEqual([]);
      await gate.close();
      await expectNothingLeft(open);
    });
  });
});
