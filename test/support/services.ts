import { createConnection } from 'node:net';

/** A service that tests need, and why it cannot be used, if it cannot. */
export interface Service {
  readonly name: string;
  /** Undefined: it answers. */
  readonly problem: string | undefined;
}

/** Asks a service for a sign of life; a rejection says why it has none. */
export async function probe(name: string, reach: () => Promise<unknown>): Promise<Service> {
  try {
    await reach();
    return { name, problem: undefined };
  } catch (error) {
    return { name, problem: reasonOf(error) };
  }
}

/** Resolves if something listens there, for services without a client of their own in the tests. */
export function reachPort(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port, timeout: 2_000 });
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    socket.once('error', fail);
    socket.once('timeout', () => fail(new Error(`no answer from ${host}:${port}`)));
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}

/**
 * A suite that needs a service. Without it, the suite is skipped and the reason is printed; where
 * REQUIRE_SERVICES is 1, as in CI, the suite fails instead.
 */
export function describeWith({ name, problem }: Service, title: string, suite: () => void): void {
  if (problem === undefined) {
    describe(title, suite);
  } else if (process.env.REQUIRE_SERVICES === '1') {
    describe(title, () => {
      it(`has ${name}`, () => {
        throw new Error(`${name} is required (REQUIRE_SERVICES=1), but ${problem}`);
      });
    });
  } else {
    process.stderr.write(`\nSKIPPED: ${title}, because ${name} is missing: ${problem}\n`);
    describe.skip(`${title} (no ${name}: ${problem})`, suite);
  }
}

function reasonOf(error: unknown): string {
  // By their shape: Node's errors are of another realm than a test's.
  const { errors, message } = error as Partial<AggregateError>;
  // What a host name with several addresses gives.
  if (errors !== undefined) return errors.map(reasonOf).join('; ');
  return message ?? String(error);
}
