/** What a response must never contain. */
export const PLACEHOLDER = '<placeholder>';

export const WORKERS = 2;

/** More than the calls of all clients of a run can ever come to: nobody else is refused. */
export const MAX_QUEUE = 600;

/** Calls of a request that is refused. */
export const TOO_MANY = MAX_QUEUE + WORKERS + 1;

/** How deep the JSON bodies are: deeper than a task can be sent, and than a result can be read. */
export const DEPTH = 3_800;

/** Errors that the app's own code throws on purpose begin with it. */
export const DELIBERATE = 'deliberate';

/** ms that no task may run. */
export const FOR_EVER = 3_600_000;
