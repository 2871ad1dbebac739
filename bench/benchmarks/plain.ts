import { throughput } from '../throughput.js';
import { echoed } from './echo.js';

/** What the module costs on routes that don't use it. */
export const plain = throughput({
  name: 'plain',
  title: 'a route that uses no futures',
  body: echoed(1),
  moreRounds: 2,
  contenders: [
    { name: 'without the module', app: 'plain/without', path: '/plain' },
    { name: 'with it', app: 'plain-futures/request', path: '/plain', goal: 0.99 },
    {
      name: 'with it, singleton scope, in use',
      app: 'plain-futures/singleton',
      path: '/plain',
      before: '/future',
    },
    {
      name: 'without, one no-op global interceptor',
      app: 'plain/interceptor',
      path: '/plain',
    },
  ],
});
