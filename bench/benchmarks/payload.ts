import type { Benchmark } from '../benchmark.js';
import { throughput } from '../throughput.js';

const object = throughput({
  name: 'object',
  title: 'an object, cloned to the task and back',
  isOnOneAdapter: true,
  connections: 4,
  body: '{"count":10000}',
  contenders: [
    { name: '1 MB object, piscina.run()', app: 'payload/raw', path: '/object' },
    { name: '1 MB object, @Futures()', app: 'payload/futures', path: '/object', goal: 0.98 },
  ],
});

const buffer = throughput({
  name: 'buffer',
  title: 'a buffer, moved where that can be had',
  isOnOneAdapter: true,
  connections: 4,
  body: '{"count":10485760}',
  contenders: [
    { name: '10 MB buffer, piscina.run()', app: 'payload/raw', path: '/buffer' },
    { name: '10 MB buffer, @Futures()', app: 'payload/futures', path: '/buffer', goal: 0.98 },
  ],
});

/** Large arguments and results. */
export const payload: Benchmark = {
  name: 'payload',
  title:
    'an object, cloned, and a buffer, moved where that can be had, to a task and back, 4 connections',
  run: async (settings) => [...(await object.run(settings)), ...(await buffer.run(settings))],
};
