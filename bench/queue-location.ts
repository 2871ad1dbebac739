import { Redis } from 'ioredis';

/** Redis and key prefix of the benchmark `queue`; keys with the prefix are removed afterwards. */
export const QUEUE = {
  connection: {
    host: process.env['REDIS_HOST'] ?? '127.0.0.1',
    port: Number(process.env['REDIS_PORT'] ?? 6379),
  },
  prefix: 'nestjs-futures-bench',
};

/** @throws Error if there is no Redis */
export async function emptyQueues(): Promise<void> {
  const client = new Redis({ ...QUEUE.connection, lazyConnect: true, retryStrategy: () => null });
  try {
    await client.connect();
    const keys = await client.keys(`${QUEUE.prefix}:*`);
    if (keys.length > 0) await client.del(keys);
  } catch (cause) {
    const { host, port } = QUEUE.connection;
    throw new Error(`needs a Redis at ${host}:${port} (REDIS_HOST, REDIS_PORT)`, { cause });
  } finally {
    client.disconnect();
  }
}
