import { ThreadWorker } from 'poolifier';
import { echo } from './echo.tasks.js';

/** The same task as a poolifier worker. */
export default new ThreadWorker<number, number | undefined>(echo);
