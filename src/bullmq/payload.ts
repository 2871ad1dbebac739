import { deserialize, serialize } from 'node:v8';

/**
 * Values on their way through Redis: what structured clone keeps is kept. As text, since jobs are
 * JSON.
 *
 * @throws Error if the value cannot be cloned
 * @internal
 */
export function pack(value: unknown): string {
  return serialize(value).toString('base64');
}

/** @throws Error if the text is not what `pack()` made, or was made by a newer Node */
export function unpack(text: string): unknown {
  return deserialize(Buffer.from(text, 'base64'));
}

/** Bytes that a packed value takes when it is not text. */
export function sizeOf(packed: string): number {
  return Math.floor((packed.length * 3) / 4);
}
