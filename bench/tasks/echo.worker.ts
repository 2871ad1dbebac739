import { echo } from './echo.tasks.js';

/** The same task as a worker of piscina and tinypool. */
export default echo;
