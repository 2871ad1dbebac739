import workerpool from 'workerpool';
import { echo } from './echo.tasks.js';

/** The same task as a workerpool worker. */
workerpool.worker({ echo });
