import type { AdapterName } from '../benchmark.js';
import { Child } from '../child.js';
import type { ServerAnswers } from './serve.js';

/** An HTTP server in its own process, on 127.0.0.1. */
export class Server {
  readonly #child: Child<ServerAnswers>;

  private constructor(
    child: Child<ServerAnswers>,
    readonly url: string,
    /** When the server began to listen, in ms since its process started. */
    readonly listenedAfter: number,
  ) {
    this.#child = child;
  }

  /**
   * @param app file and name, such as `raw/piscina`
   * @param execArgv Node options
   */
  static async start(
    app: string,
    adapter: AdapterName,
    execArgv: readonly string[] = [],
  ): Promise<Server> {
    const file = new URL('./serve.js', import.meta.url);
    const child = new Child<ServerAnswers>(file, [...app.split('/'), adapter], execArgv);
    try {
      const { port, after } = await child.ask('started', undefined);
      return new Server(child, `http://127.0.0.1:${port}`, after);
    } catch (error) {
      await child.stop();
      throw error;
    }
  }

  memory() {
    return this.#child.ask('memory', undefined);
  }

  watch() {
    return this.#child.ask('watch', undefined);
  }

  watched() {
    return this.#child.ask('watched', undefined);
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }
}

/** Starts the servers, and stops them when `use` has ended. */
export async function withServers<Key, Result>(
  apps: ReadonlyMap<Key, string>,
  adapter: AdapterName,
  use: (servers: ReadonlyMap<Key, Server>) => Promise<Result>,
): Promise<Result> {
  const servers = new Map<Key, Server>();
  try {
    for (const [key, app] of apps) servers.set(key, await Server.start(app, adapter));
    return await use(servers);
  } finally {
    await Promise.all(Array.from(servers.values(), (server) => server.stop()));
  }
}
