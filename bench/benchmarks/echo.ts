import type { Benchmark } from '../benchmark.js';
import { throughput } from '../throughput.js';
import { widget } from '../widget.js';

/** The response to a request with `count` tasks. */
export function echoed(count: number): string {
  return JSON.stringify({ values: Array.from({ length: count }, (_, i) => i) });
}

/** One short task, declared. */
export const declarative1: Benchmark = throughput({
  name: 'declarative-1',
  title: 'one echo task in a request, the value is a parameter',
  body: echoed(1),
  contenders: [
    { name: 'await piscina.run()', app: 'raw/piscina', path: '/raw/one' },
    { name: '@Future, declared', app: 'futures/parameters', path: '/declared/one', goal: 1 },
  ],
});

/** One short task, two passes. */
export const imperative1: Benchmark = throughput({
  name: 'imperative-1',
  title: 'one echo task in a request, two passes',
  body: echoed(1),
  contenders: [
    { name: 'await piscina.run()', app: 'raw/piscina', path: '/raw/one' },
    { name: '@Futures()', app: 'futures/parameters', path: '/parameter/one', goal: 0.9 },
    {
      name: 'FuturesService, singleton',
      app: 'futures/singleton',
      path: '/service/one',
      goal: 0.9,
    },
    {
      name: 'an interceptor that runs the handler twice, piscina.run() between',
      app: 'raw/piscina',
      path: '/twice/one',
    },
    {
      name: 'request-scoped, piscina.run()',
      app: 'raw/piscina',
      path: '/scoped/one',
    },
    {
      name: 'request-scoped service and controller, piscina.run()',
      app: 'raw/piscina',
      path: '/injected/one',
      against: 'request-scoped, piscina.run()',
    },
    {
      name: 'FuturesService, request-scoped',
      app: 'futures/request',
      path: '/service/one',
      against: 'request-scoped, piscina.run()',
      goal: 0.9,
    },
  ],
});

/** Ten short tasks. */
export const small10: Benchmark = throughput({
  name: 'small-10',
  title: 'ten echo tasks in a request',
  body: echoed(10),
  contenders: [
    { name: 'Promise.all of piscina.run()', app: 'raw/piscina', path: '/raw/ten' },
    { name: '@Future, declared', app: 'futures/parameters', path: '/declared/ten', goal: 2.5 },
    { name: '@Futures()', app: 'futures/parameters', path: '/parameter/ten', goal: 2.5 },
  ],
});

/** The same with structured values. */
export const objects10: Benchmark = throughput({
  name: 'objects-10',
  title: 'ten tasks in a request that echo small objects',
  isOnOneAdapter: true,
  body: JSON.stringify({ values: Array.from({ length: 10 }, (_, i) => widget(i)) }),
  contenders: [
    { name: 'Promise.all of piscina.run()', app: 'raw/piscina', path: '/raw/objects' },
    { name: '@Futures()', app: 'futures/parameters', path: '/parameter/objects' },
  ],
});

/** Fifty short tasks. */
export const small50: Benchmark = throughput({
  name: 'small-50',
  title: 'fifty echo tasks in a request',
  body: echoed(50),
  contenders: [
    { name: 'Promise.all of piscina.run()', app: 'raw/piscina', path: '/raw/fifty' },
    { name: '@Futures()', app: 'futures/parameters', path: '/parameter/fifty', goal: 7 },
  ],
});
