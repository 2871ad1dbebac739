import { HostileServer, WORKERS, type Run, type ServerOptions } from './server.js';

/** Innocent requests that follow a hostile task: enough to meet each worker. */
const INNOCENTS = 2 * WORKERS;

/**
 * One server for many tests, made anew when a test has failed. Its workers go from test to test as
 * well, with what a task has done to them, unless they are replaced.
 */
export class SharedServer {
  readonly #options: () => ServerOptions;
  #server: HostileServer | undefined;
  /** The tests that the server has survived. */
  #survived: string[] = [];

  constructor(options: () => ServerOptions) {
    this.#options = options;
    afterAll(() => this.#server?.kill());
  }

  async use(test: (server: HostileServer) => Promise<void>): Promise<void> {
    const server = (this.#server ??= await HostileServer.start(this.#options()));
    try {
      await test(server);
      this.#survived.push(expect.getState().currentTestName?.split(' ').at(-1) ?? '');
    } catch (error) {
      (error as Error).message += `\nIts server had survived before: ${this.#survived.join(' ')}`;
      this.#server = undefined;
      this.#survived = [];
      await server.kill();
      throw error;
    }
  }
}

/** Names of the tasks that a file exports. */
export async function tasksOf(file: URL): Promise<string[]> {
  return Object.keys((await import(file.href)) as object);
}

/** How a task that breaks its worker may end, if it does not end well. */
const ENDS: readonly (string | undefined)[] = [
  undefined,
  'ERR_FUTURES_BROKEN_EXECUTOR',
  'ERR_FUTURES_TASK_RESULT',
  'ERR_FUTURES_TIMEOUT',
];

/**
 * Runs the hostile task in each worker at once. It has an answer, whatever that is; the innocent
 * requests after it are answered right, and all workers are there again.
 */
export async function survive(server: HostileServer, run: Run): Promise<void> {
  const answers = await Promise.all(Array.from({ length: WORKERS }, () => server.run(run)));
  // Another error would mean that the task has not run at all.
  for (const { code } of answers) expect(ENDS).toContain(code);
  await expectSound(server, run.executor);
}

export async function expectSound(server: HostileServer, executor: string): Promise<void> {
  const innocents = Array.from({ length: INNOCENTS }, () => server.expectInnocent(executor));
  await Promise.all(innocents);
  await server.expectWhole(executor);
}
