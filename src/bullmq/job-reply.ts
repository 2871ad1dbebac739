import type { OutcomeMessage } from './outcome-message.js';

/** How long, in ms, an outcome waits for other outcomes of its job. */
const MAX_DELAY = 5;
/** Length of a message, in characters, above which it takes no more outcomes. */
const MAX_LENGTH = 1_000_000;

/**
 * Sends the outcomes of one job back, in one message if they are ready around the same time. A
 * short call doesn't wait for a long one in its job, since they may belong to different requests.
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
