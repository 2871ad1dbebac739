export * from './execution.errors.js';
export * from './futures.exception.js';
export * from './replay.errors.js';
export * from './usage.errors.js';
