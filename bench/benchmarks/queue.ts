import type { Benchmark } from '../benchmark.js';
import { emptyQueues } from '../queue-location.js';
import { throughput } from '../throughput.js';
import { echoed } from './echo.js';

const one = throughput({
  name: 'queue',
  title: 'one echo task in a request',
  body: echoed(1),
  isOnOneAdapter: true,
  contenders: [
    { name: '1: add(), waitUntilFinished()', app: 'queue/raw', path: '/one' },
    { name: '1: bullmqExecutor()', app: 'queue/futures', path: '/one', goal: 1 },
  ],
});

const ten = throughput({
  name: 'queue',
  title: 'ten echo tasks in a request',
  body: echoed(10),
  isOnOneAdapter: true,
  contenders: [
    { name: '10: addBulk(), waitUntilFinished()', app: 'queue/raw', path: '/ten' },
    { name: '10: bullmqExecutor()', app: 'queue/futures', path: '/ten', goal: 3 },
  ],
});

/** One and ten short tasks per request, run by a worker that takes them from Redis. */
export const queue: Benchmark = {
  name: 'queue',
  title: 'one, and ten, echo tasks in a request, by BullMQ and one worker process',
  async run(settings) {
    await emptyQueues();
    try {
      return [...(await one.run(settings)), ...(await ten.run(settings))];
    } finally {
      await emptyQueues();
    }
  },
};
