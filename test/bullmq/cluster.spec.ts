import { NestFactory } from '@nestjs/core';
import { Cluster, Redis } from 'ioredis';
import { FutureCancelledError, taskFile } from '../../src/index.js';
import { FuturesWorkerModule } from '../../src/bullmq/index.js';
import { call, run, valuesOf } from '../support/executors.js';
import { describeWith } from '../support/services.js';
import { tasks } from '../support/tasks.js';
import { OwnRedis, redisServer } from './own-redis.js';
import { Signals, cleanUp, fleet, startExecutor } from './support.js';
import { until } from '../support/wait.js';

/** A cluster of one node: it refuses what is not in one slot as a large one does. */
async function startCluster(): Promise<{ port: number }> {
  const { port } = await new OwnRedis(
    '--cluster-enabled',
    'yes',
    '--cluster-announce-ip',
    '127.0.0.1',
  ).start();
  const client = new Redis(port);
  await client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await until('the cluster to be ready', async () =>
    (await client.cluster('INFO')).includes('cluster_state:ok'),
  );
  client.disconnect();
  return { port };
}

function connect(port: number): Cluster {
  const options = { redisOptions: { maxRetriesPerRequest: null } };
  const cluster = new Cluster([{ host: '127.0.0.1', port }], options);
  cleanUp(() => cluster.disconnect());
  return cluster;
}

describeWith(redisServer, 'a Redis Cluster', () => {
  it('runs calls, reports their states and stops them, all in the slot of the queue', async () => {
    const { port } = await startCluster();
    const queue = { connection: connect(port), queue: 'futures', prefix: '{futures}' };
    const files = ['basic', 'fleet'].map((name) =>
      taskFile(new URL(`../fixtures/${name}.tasks.js`, import.meta.url)),
    );
    const options = { ...queue, connection: connect(port), tasks: files, threads: { max: 2 } };
    const worker = await NestFactory.createApplicationContext(
      FuturesWorkerModule.forRoot(options),
      { logger: false },
    );
    cleanUp(() => worker.close());
    const executor = startExecutor(queue);
    expect(await run(executor, call(tasks.add, [1, 2]), call(tasks.add, [3, 4]))).toEqual([3, 7]);

    const signals = new Signals();
    const client = new AbortController();
    const gone = executor.run([call(fleet.waitUntilAborted, [signals.folder])], client);
    await signals.reached(1);
    // By then the executor has asked after it.
    await until('a running call', () => executor.stats().running === 1);
    client.abort();
    expect(valuesOf(await gone)).toEqual([expect.any(FutureCancelledError)]);
    await until('the task to be aborted', () => signals.names.includes('aborted'));
  }, 30_000);
});
