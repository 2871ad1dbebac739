import { availableParallelism } from 'node:os';

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  // Most tests wait for processes and services more than they compute; with twice as many workers
  // as cores, processes are delayed beyond the limits that tests set.
  maxWorkers: Math.ceil(1.5 * availableParallelism()),
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'],
    // A task that runs on the event loop shares what the app has, and the app's sources are tested.
    '^nestjs-futures/task$': '<rootDir>/src/worker/task-api/index.ts',
  },
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  // A worker that cannot load its file makes a test hang, not fail.
  testTimeout: 20_000,
  collectCoverageFrom: ['src/**/*.ts', '!src/index.ts', '!src/worker/thread-worker.ts'],
  coverageReporters: ['text', 'lcovonly'],
  coverageThreshold: { global: { lines: 95 } },
};
