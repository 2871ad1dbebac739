import { work } from './work.tasks.js';

export default work;
