import type { OutcomeMessage } from './outcome-message.js';

/** How long, in ms, an outcome waits for the others of its job. */
const MAX_DELAY = 5;
/** Length of a message, in characters, from which it takes no more outcomes. */
const MAX_LENGTH = 1_000_000;

/**
 * The outcomes of one job, on their way back: all at once if they come up at about the same time. A
 * short call does not wait for a long one that shares its job; they may be of different requests.
 *
 * @internal
 */
export class JobReply {
  readonly #send: (outcomes: readonly OutcomeMessage[]) => void;
  #unsent: OutcomeMessage[] = [];
  #left: number;
  #length = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(calls: number, send: (outcomes: readonly OutcomeMessage[]) => void) {
    this.#left = calls;
    this.#send = send;
  }

  add(outcome: OutcomeMessage): void {
    this.#unsent.push(outcome);
    this.#length += outcome[2].length;
    if (--this.#left === 0 || this.#length >= MAX_LENGTH) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), MAX_DELAY);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#send(this.#unsent);
    this.#unsent = [];
    this.#length = 0;
  }
}
