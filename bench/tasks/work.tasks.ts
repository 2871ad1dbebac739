import { pbkdf2Sync } from 'node:crypto';

/** Keeps a core busy: the same work each time, whatever else runs on the machine. */
export function work(iterations: number): string {
  return pbkdf2Sync('text', 'salt', iterations, 16, 'sha256').toString('hex');
}
