export { bullmqExecutor } from './bullmq.executor.js';
export type { BullmqExecutorOptions, QueueLocation } from './bullmq.options.js';
export { FuturesWorkerModule } from './futures-worker.module.js';
export type { FuturesWorkerOptions } from './futures-worker.options.js';
