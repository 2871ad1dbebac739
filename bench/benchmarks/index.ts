import type { Benchmark } from '../benchmark.js';
import { boot } from './boot.js';
import { cpu } from './cpu.js';
import { declarative1, imperative1, objects10, small10, small50 } from './echo.js';
import { heap } from './heap.js';
import { payload } from './payload.js';
import { peers } from './peers.js';
import { plain } from './plain.js';
import { queue } from './queue.js';
import { requestReplay } from './request-replay.js';
import { uneven } from './uneven.js';

/** All benchmarks, in the order in which they run. */
export const BENCHMARKS: readonly Benchmark[] = [
  plain,
  declarative1,
  imperative1,
  small10,
  small50,
  objects10,
  uneven,
  cpu,
  payload,
  requestReplay,
  peers,
  queue,
  boot,
  heap,
];
