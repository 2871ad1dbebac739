import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';

/** Length of a signature: 32 bytes as base64url. */
const MAC_LENGTH = 43;

/** What a text is for: a signature for one purpose is invalid for the others. */
export type Purpose = `job:${string}` | 'reply' | 'order';

/**
 * Signs what is sent through Redis and checks what is received, using HMAC-SHA256 and a secret that
 * apps and workers share. Without a secret, everything passes.
 *
 * @internal
 */
export class Seal {
  readonly #key: KeyObject | undefined;
  readonly #context: string;

  /** @param context identifies the queue: a signature is invalid in any other queue */
  constructor(secret: string | Uint8Array | undefined, context: string) {
    this.#key = secret === undefined ? undefined : createSecretKey(Buffer.from(secret));
    this.#context = context;
  }

  /** Whether there is a secret. */
  get isOn(): boolean {
    return this.#key !== undefined;
  }

  close(purpose: Purpose, text: string): string {
    return this.#key === undefined ? text : this.#sign(this.#key, purpose, text) + text;
  }

  /** Returns the text; undefined if its signature is wrong or missing. */
  open(purpose: Purpose, sealed: string): string | undefined {
    if (this.#key === undefined) return sealed;
    const text = sealed.slice(MAC_LENGTH);
    const expected = Buffer.from(this.#sign(this.#key, purpose, text));
    const given = Buffer.from(sealed.slice(0, MAC_LENGTH));
    const isGenuine = given.length === expected.length && timingSafeEqual(given, expected);
    return isGenuine ? text : undefined;
  }

  #sign(key: KeyObject, purpose: Purpose, text: string): string {
    const head = JSON.stringify([this.#context, purpose]);
    return createHmac('sha256', key).update(head).update(text).digest('base64url');
  }
}
