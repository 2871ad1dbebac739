export { assertReplaySafe } from './assert-replay-safe.js';
export type { AssertReplaySafeOptions } from './assert-replay-safe.js';
