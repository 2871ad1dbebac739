export { Future } from './decorators/future.decorator.js';
export type {
  DeclaredFutureOptions,
  FutureKey,
  FutureOptions,
  FuturePipe,
} from './decorators/future.decorator.js';
export type { TypedParameterDecorator } from './decorators/typed-parameter.js';
export { Futures } from './decorators/futures.decorator.js';
export { UseFutures } from './decorators/use-futures.decorator.js';
export type { UseFuturesOptions } from './replay/route-traits.js';
export { validated } from './decorators/validated.js';
export type { RequestPart } from './decorators/validated.js';
export {
  BrokenExecutorError,
  ExecutorSaturatedError,
  FutureCancelledError,
  FutureTimeoutError,
  TaskArgumentError,
  TaskResultError,
  UnknownTaskError,
} from './errors/execution.errors.js';
export { FuturesException, isFuturesException } from './errors/futures.exception.js';
export type { FuturesExceptionOptions } from './errors/futures.exception.js';
export {
  BodySpentError,
  FutureUnreadError,
  PassDiscardedError,
  ReplayLimitError,
  ReplayUnsafeError,
  ResponseCommittedError,
  TooManyFuturesError,
  isPassDiscarded,
} from './errors/replay.errors.js';
export {
  FutureAlreadyResolvedError,
  FutureConflictError,
  FutureNotResolvedError,
  FutureNotSubmittedError,
  FuturesArgumentError,
  FuturesContextError,
  FuturesOptionsError,
} from './errors/usage.errors.js';
export type {
  Call,
  Executor,
  ExecutorStats,
  Outcome,
  Percentiles,
  Priority,
  TaskStats,
  Transferable,
} from './executors/executor.js';
export { processExecutor } from './executors/process.executor.js';
export type { ProcessExecutorOptions } from './executors/process.executor.js';
export { threadExecutor } from './executors/thread.executor.js';
export type { ThreadExecutorOptions } from './executors/thread.executor.js';
export { FuturesModule } from './futures.module.js';
export { FUTURES_OPTIONS } from './futures.module-definition.js';
export type { FuturesModuleExtras } from './futures.module-definition.js';
export type {
  CarryFunction,
  DiscardHook,
  FuturesModuleOptions,
  ShareFunction,
  WeightFunction,
} from './request/futures.options.js';
export type { ProcessOptions, ThreadOptions } from './executors/pool-options.js';
export type { CallMessage, PassMessage, RequestMessage } from './request/diagnostics.js';
export { FuturesService } from './futures.service.js';
export type { FutureReport, FuturesReport } from './request/report.js';
export type { PassRecord } from './request/pass.js';
export type { ReplayMode, UnreadMode } from './request/futures.options.js';
export { passOf } from './request/request-ledger.js';
export type { SubmitOptions } from './request/submission.js';
export type { Task, TaskReference } from './tasks/task.js';
export { taskFile } from './tasks/task-file.js';
export type { TaskFile, TaskFileOptions } from './tasks/task-file.js';
export { WorkerPool } from './worker-pool.js';
export type { TaskCall } from './worker-pool.js';
export type { AnyFunction } from './wire/protocol.js';
