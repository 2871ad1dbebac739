import { pbkdf2Sync } from 'node:crypto';

/** About a millisecond of work, and a value by which it is seen whose answer it is. */
export function square(n: number): number {
  pbkdf2Sync('text', String(n), 1_000, 16, 'sha256');
  return n * n;
}
