/** What happens when the published pass did not ask for a value whose placeholder an earlier pass was given. */
export type UnreadMode = 'error' | 'warn' | 'ignore';

/** @internal */
export const UNREAD_MODES: readonly UnreadMode[] = ['error', 'warn', 'ignore'];
