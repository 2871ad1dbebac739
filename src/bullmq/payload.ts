import { fromBytes, toBytes } from '../executors/kit.js';

/**
 * Packs a value to be sent through Redis: as structured clone does, but a Buffer stays a Buffer.
 * The result is text, since jobs are JSON.
 *
 * @throws whatever V8, a getter or a proxy throws if the value can't be cloned or leave the process
 * @internal
 */
export function pack(value: unknown): string {
  return toBytes(value).toString('base64');
}

/** @throws Error if the text isn't from `pack()`, is from a newer Node, or is nested too deeply */
export function unpack(text: string): unknown {
  return fromBytes(Buffer.from(text, 'base64'));
}

/** Size of a packed value in bytes, before it is encoded as text. */
export function sizeOf(packed: string): number {
  return Math.floor((packed.length * 3) / 4);
}
