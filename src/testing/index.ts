export { assertReplaySafe } from './assert-replay-safe.js';
export type { AssertReplaySafeOptions } from './assert-replay-safe.js';
export type { FuturesOverrides, RecordedCall, StandIn } from './given-outcomes.js';
export { overrideFutures } from './override-futures.js';
export type { OverridableModule, OverriddenFutures } from './override-futures.js';
