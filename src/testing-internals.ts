/*
 * What `nestjs-futures/testing` needs of the core besides the public exports. It imports nothing
 * else of it (lint checks that).
 */
export type { Assignment } from './executors/executors.js';
export { OVERRIDES } from './executors/overrides.js';
export type { Overrides } from './executors/overrides.js';
export { checkReplay } from './replay/replay-check.js';
export { isSameTask, taskReference } from './tasks/task.js';
