/*
 * `nestjs-futures/executor`: what your own executor may need besides the contract (`Executor`,
 * `Call` and `Outcome` of `nestjs-futures`). The executor of `nestjs-futures/bullmq` uses only this
 * kit, and nothing else from the core.
 */

// Outcomes and cancellation.
export { SHUTTING_DOWN, cancelled, notStarted, queueTimeoutOf } from './executor.js';
export { cancellationOf } from './cancellation.js';
export type { Cancellation, CancellationSource } from './cancellation.js';

// Statistics, estimates and limits.
export { CallStats, DrainRate } from './stats.js';
export { DurationEstimates } from './pool/duration-estimates.js';
export { DrainWaiters } from './pool/timers.js';

// Values, arguments and errors that leave the process.
export { fromBytes, toBytes } from '../wire/serializer.js';
export { describeRefusal, findUncloneable } from '../wire/uncloneable.js';
export { describeError } from '../wire/error-record.js';
export type { ErrorRecord } from '../wire/error-record.js';
export { reviveError } from '../wire/revive-error.js';
export { adoptException } from '../errors/futures.exception.js';

// Options, and texts for messages and logs.
export {
  duration,
  integer,
  is,
  oneOf,
  option,
  optional,
  required,
  resolve,
  rule,
} from '../errors/options.js';
export type { Given, Option, Resolved, Rule } from '../errors/options.js';
export { describe, told } from '../errors/text.js';

// The tasks of a task file, and threads to run them in.
export { taskFileSource } from '../tasks/task-file.js';
export type { TaskFileSource } from '../tasks/task-file.js';
export { THREAD_OPTIONS, pool } from './pool-options.js';
export { ThreadExecutor } from './thread.executor.js';
