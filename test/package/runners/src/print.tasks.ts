import { pbkdf2Sync } from 'node:crypto';

export function fingerprint(text: string): string {
  return pbkdf2Sync(text, 'salt', 200_000, 8, 'sha256').toString('hex');
}
