/** What a response must never contain. */
export const PLACEHOLDER = '<placeholder>';

export const WORKERS = 2;

/** More than the calls of all clients of a run can ever come to: nobody else is refused. */
export const MAX_QUEUE = 600;

/** Calls of a request that is refused. */
export const TOO_MANY = MAX_QUEUE + WORKERS + 1;

/** ms that no task may run. */
export const FOR_EVER = 3_600_000;
