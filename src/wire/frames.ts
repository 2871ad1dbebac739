import { deserialize, serialize } from 'node:v8';

const HEAD_BYTES = 4;

/** An order or event as it goes through a pipe: its length, then its bytes. */
export function toFrame(message: readonly unknown[]): Buffer {
  const body = serialize(message);
  const frame = Buffer.allocUnsafe(HEAD_BYTES + body.byteLength);
  frame.writeUInt32LE(body.byteLength);
  frame.set(body, HEAD_BYTES);
  return frame;
}

/**
 * Takes frames out of the pieces that arrive through a pipe.
 *
 * @internal
 */
export class FrameReader {
  readonly #limit: () => number;
  readonly #onMessage: (message: unknown) => void;
  #pieces: Buffer[] = [];
  #size = 0;
  /** Bytes needed next: a head, or a head and its body. */
  #needed = HEAD_BYTES;

  /** @param limit the longest body that may arrive now, in bytes */
  constructor(limit: () => number, onMessage: (message: unknown) => void) {
    this.#limit = limit;
    this.#onMessage = onMessage;
  }

  /** @throws Error if the input is not a frame: nothing after it can be understood */
  add(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#size += piece.byteLength;
    while (this.#size >= this.#needed) {
      const bytes =
        this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces);
      const length = bytes.readUInt32LE();
      if (length > this.#limit()) throw new Error(`a message of ${length} bytes`);
      this.#needed = HEAD_BYTES + length;
      const isWhole = bytes.byteLength >= this.#needed;
      if (isWhole) this.#onMessage(deserialize(bytes.subarray(HEAD_BYTES, this.#needed)));
      const rest = isWhole ? bytes.subarray(this.#needed) : bytes;
      if (isWhole) this.#needed = HEAD_BYTES;
      this.#pieces = rest.byteLength === 0 ? [] : [rest];
      this.#size = rest.byteLength;
    }
  }
}
