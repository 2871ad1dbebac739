import { holdsPlatformObject } from '../wire/platform-objects.js';
import { Reader, Writer } from '../wire/serializer.js';

const OPTIONS = { maxBytes: Infinity, maxJson: 0, canShare: false };

/**
 * Values on their way through Redis: what structured clone keeps is kept, and a Buffer stays one. As
 * text, since jobs are JSON.
 *
 * @throws whatever V8, a getter or a proxy throws if the value cannot be cloned, or cannot leave the process
 * @internal
 */
export function pack(value: unknown): string {
  const bytes = new Writer(OPTIONS).write(value);
  if (typeof value === 'object' && value !== null && mayHoldPlatformObject(bytes)) {
    if (holdsPlatformObject(value)) throw new Error('it cannot leave the process');
  }
  return bytes.toString('base64');
}

/** @throws Error if the text is not what `pack()` made, was made by a newer Node, or is nested too deep */
export function unpack(text: string): unknown {
  return new Reader(Buffer.from(text, 'base64'), []).read();
}

/** Bytes that a packed value takes when it is not text. */
export function sizeOf(packed: string): number {
  return Math.floor((packed.length * 3) / 4);
}

/** Since Node 21, V8's serializer writes some objects that it does not know as empty ones: `o{`, and a count of 0. */
function mayHoldPlatformObject(bytes: Buffer): boolean {
  return bytes.includes(EMPTY_OBJECT);
}

const EMPTY_OBJECT = Buffer.from([0x6f, 0x7b, 0]);
