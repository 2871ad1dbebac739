import workerpool from 'workerpool';
import { echo } from './echo.tasks.js';

/** The same task as a worker of workerpool. */
workerpool.worker({ echo });
