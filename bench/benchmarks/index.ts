import type { Benchmark } from '../benchmark.js';
import { declarative1, imperative1, small10, small50 } from './echo.js';

/** All benchmarks, in the order in which they run. */
export const BENCHMARKS: readonly Benchmark[] = [declarative1, imperative1, small10, small50];
