import { move } from 'piscina';
import { stamp } from './payload.tasks.js';

/** The same, but the result is moved back instead of copied. */
export default function stampAndMove(bytes: Uint8Array): unknown {
  return move(stamp(bytes).buffer as ArrayBuffer);
}
