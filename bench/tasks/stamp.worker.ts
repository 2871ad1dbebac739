import { move } from 'piscina';
import { stamp } from './payload.tasks.js';

/** The same with the result moved back, not copied. */
export default function stampAndMove(bytes: Uint8Array): unknown {
  return move(stamp(bytes).buffer as ArrayBuffer);
}
