import { fromBytes, toBytes } from '../executors/kit.js';

/**
 * Values on their way through Redis: what structured clone keeps is kept, and a Buffer stays one. As
 * text, since jobs are JSON.
 *
 * @throws whatever V8, a getter or a proxy throws if the value cannot be cloned, or cannot leave the process
 * @internal
 */
export function pack(value: unknown): string {
  return toBytes(value).toString('base64');
}

/** @throws Error if the text is not what `pack()` made, was made by a newer Node, or is nested too deep */
export function unpack(text: string): unknown {
  return fromBytes(Buffer.from(text, 'base64'));
}

/** Bytes that a packed value takes when it is not text. */
export function sizeOf(packed: string): number {
  return Math.floor((packed.length * 3) / 4);
}
