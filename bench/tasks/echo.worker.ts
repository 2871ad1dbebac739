import { echo } from './echo.tasks.js';

/** The same task as a worker for piscina and tinypool. */
export default echo;
