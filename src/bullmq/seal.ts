import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';

/** Length of a signature: 32 bytes as base64url. */
const MAC_LENGTH = 43;

/** What a text is for: a signature of one kind is worth nothing for another. */
export type Purpose = `job:${string}` | 'reply' | 'order';

/**
 * Signs what goes through Redis, and checks what comes from there, by HMAC-SHA256 with a secret that
 * apps and workers share. Without a secret, it lets everything through.
 *
 * @internal
 */
export class Seal {
  readonly #key: KeyObject | undefined;
  readonly #context: string;

  /** @param context the queue: a signature is worth nothing in another one */
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

  /** The text; undefined if its signature is wrong or missing. */
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
