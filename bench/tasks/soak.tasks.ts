import { pbkdf2Sync } from 'node:crypto';

/** About 1 ms of work. The result shows which call it belongs to. */
export function square(n: number): number {
  pbkdf2Sync('text', String(n), 1_000, 16, 'sha256');
  return n * n;
}
