export { Future } from './decorators/future.decorator.js';
export type {
  DeclaredFutureOptions,
  FutureKey,
  FutureOptions,
  FuturePipe,
  TypedParameterDecorator,
} from './decorators/future.decorator.js';
export { Futures } from './decorators/futures.decorator.js';
export { UseFutures } from './decorators/use-futures.decorator.js';
export type { ReplayMode, UseFuturesOptions } from './decorators/use-futures.decorator.js';
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
export type { Call, Executor, ExecutorStats, Outcome, Transferable } from './executors/executor.js';
export type { Percentiles } from './executors/rolling-histogram.js';
export { processExecutor } from './executors/process.executor.js';
export type { ProcessExecutorOptions } from './executors/process.executor.js';
export { threadExecutor } from './executors/thread.executor.js';
export type { ThreadExecutorOptions } from './executors/thread.executor.js';
export { FuturesModule } from './futures.module.js';
export type {
  DiscardHook,
  FuturesModuleExtras,
  FuturesModuleOptions,
  ProcessOptions,
  ThreadOptions,
} from './futures.options.js';
export { FuturesService } from './futures.service.js';
export type { FutureReport, FuturesReport } from './futures.service.js';
export type { PassRecord } from './ledger/pass-log.js';
export type { UnreadMode } from './ledger/unread-mode.js';
export { passOf } from './replay/pass-of.js';
export type { SubmitOptions } from './ledger/submission.js';
export type { AnyFunction, Task, TaskReference } from './tasks/task.js';
export { taskFile } from './tasks/task-file.js';
export type { TaskFile, TaskFileOptions } from './tasks/task-file.js';
export { WorkerPool } from './worker-pool.js';
export type { TaskCall } from './worker-pool.js';
