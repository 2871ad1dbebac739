import { Child } from '../child.js';
import type { LoadAnswers } from './load-process.js';

/** The process that loads the servers: it must not share the event loop of what it measures. */
export const loader = new Child<LoadAnswers>(new URL('./load-process.js', import.meta.url), []);
