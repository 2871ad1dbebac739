export { carried } from './carried.js';
export { taskContext, type TaskContext, type TaskContextOptions } from './task-context.js';
export { taskSignal } from './task-signal.js';
export { transfer } from './transfer.js';
