import { taskFile } from '../../src/index.js';

export const tasks = taskFile<typeof import('../fixtures/basic.tasks.js')>(
  new URL('../fixtures/basic.tasks.js', import.meta.url),
);
