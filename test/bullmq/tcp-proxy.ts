import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';
import { cleanUp, until } from './support.js';

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

  /** Bytes pass again; what was swallowed is lost. */
  heal(): void {
    this.#swallowed = undefined;
  }

  /** Resolves when so many clients have connected. */
  async reached(connections: number): Promise<void> {
    await until(() => this.#connections >= connections);
  }

  #connect(client: Socket): void {
    this.#connections++;
    const server = createConnection(this.target, '127.0.0.1');
    this.#forward(client, server, 'requests');
    this.#forward(server, client, 'replies');
  }

  #forward(from: Socket, to: Socket, what: Swallowed): void {
    this.#sockets.add(from);
    // A peer that closes is not told of through a black hole either.
    const passes = () => this.#swallowed !== what && this.#swallowed !== 'both';
    from.on('data', (bytes) => passes() && to.write(bytes));
    from.on('error', () => {});
    from.on('close', () => {
      this.#sockets.delete(from);
      if (passes()) to.destroy();
    });
  }
}
