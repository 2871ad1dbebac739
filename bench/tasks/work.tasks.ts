import { pbkdf2Sync } from 'node:crypto';

/** Keeps a core busy with the same amount of work each time, whatever else the machine does. */
export function work(iterations: number): string {
  return pbkdf2Sync('text', 'salt', iterations, 16, 'sha256').toString('hex');
}
