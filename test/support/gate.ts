import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { taskFile } from '../../src/index.js';
import { until } from './wait.js';

/** Its task stands at a gate, in a thread or in a process alike. */
export const gateTasks = taskFile<typeof import('../fixtures/gate.tasks.js')>(
  new URL('../fixtures/gate.tasks.js', import.meta.url),
  // A worker that dies before it has come to the gate may be replaced by another.
  { idempotent: true },
);

const gates = new Set<Gate>();

afterEach(async () => {
  for (const gate of gates) await gate.close();
});

/** Lets a test decide when tasks in other threads or processes go on, and know that they have come. */
export class Gate {
  readonly #standing = new Set<Socket>();
  readonly #server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('close', () => this.#standing.delete(socket));
    this.#standing.add(socket);
    this.#seen++;
    if (this.#isOpen || this.#standing.size >= this.#party) this.open();
  });
  readonly #party: number;
  #isOpen = false;
  #seen = 0;

  private constructor(party: number) {
    this.#party = party;
  }

  /** @param party so many open it when they stand there together */
  static async make(party = Infinity): Promise<Gate> {
    const gate = new Gate(party);
    gate.#server.listen(0, '127.0.0.1');
    await once(gate.#server, 'listening');
    gates.add(gate);
    return gate;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How many have ever come. */
  get seen(): number {
    return this.#seen;
  }

  /** Resolves when so many stand there. */
  reached(count: number): Promise<void> {
    return until(`${count} tasks at the gate`, () => this.#standing.size >= count);
  }

  /** Lets them go, and whoever comes later. */
  open(): void {
    this.#isOpen = true;
    for (const socket of this.#standing) socket.write('.');
  }

  async close(): Promise<void> {
    gates.delete(this);
    for (const socket of this.#standing) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
