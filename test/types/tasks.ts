import { taskFile } from '../../src/index.js';

export type TypedTasks = typeof import('../fixtures/typed.tasks.js');

export const tasks = taskFile<TypedTasks>(new URL('file:///typed.tasks.js'));
