import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';
import { cleanUp } from './support.js';
import { until } from '../support/wait.js';

/** What a proxy swallows: bytes to the server, bytes from it, or both. */
export type Swallowed = 'requests' | 'replies' | 'both';

/**
 * Stands between a client and a server, and can become a black hole: connections stay open, new ones
 * are accepted, and bytes vanish.
 */
export class TcpProxy {
  port = 0;
  #connections = 0;
  #swallowed: Swallowed | undefined;
  readonly #sockets = new Set<Socket>();

  private constructor(private readonly target: number) {}

  static async start(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    const server = createServer((client) => proxy.#connect(client)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy.port = (server.address() as AddressInfo).port;
    cleanUp(() => {
      server.close();
      for (const socket of proxy.#sockets) socket.destroy();
    });
    return proxy;
  }

  swallow(what: Swallowed): void {
    this.#swallowed = what;
  }

  /** New connections pass again. One that has lost bytes stays silent: no stream goes on behind a gap. */
  heal(): void {
    this.#swallowed = undefined;
  }

  /** Resolves when so many clients have connected. */
  async reached(connections: number): Promise<void> {
    await until(`${connections} connections`, () => this.#connections >= connections);
  }

  #connect(client: Socket): void {
    this.#connections++;
    const server = createConnection(this.target, '127.0.0.1');
    const connection = { hasGap: false };
    this.#forward(client, server, 'requests', connection);
    this.#forward(server, client, 'replies', connection);
  }

  #forward(from: Socket, to: Socket, what: Swallowed, connection: { hasGap: boolean }): void {
    this.#sockets.add(from);
    const isSwallowed = () => this.#swallowed === what || this.#swallowed === 'both';
    from.on('data', (bytes) => {
      connection.hasGap ||= isSwallowed();
      if (!connection.hasGap) to.write(bytes);
    });
    from.on('error', () => {});
    from.on('close', () => {
      this.#sockets.delete(from);
      // A black hole does not say that a peer has closed either.
      if (!connection.hasGap && !isSwallowed()) to.destroy();
    });
  }
}
