import { throughput } from '../throughput.js';
import { echoed } from './echo.js';

/** The cost of replaying the whole request. */
export const requestReplay = throughput({
  name: 'request-replay',
  title: 'one echo task in a request, two passes',
  isOnOneAdapter: true,
  body: echoed(1),
  contenders: [
    { name: "replay: 'handler'", app: 'futures/parameters', path: '/parameter/one' },
    { name: "replay: 'request'", app: 'futures/parameters', path: '/request/one' },
  ],
});
