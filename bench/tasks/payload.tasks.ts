import { transfer } from 'nestjs-futures/task';

/** Writes to each page of a buffer, and returns it. */
export function stamp(bytes: Uint8Array): Uint8Array {
  for (let i = 0; i < bytes.length; i += 4096) bytes[i] = 1;
  return transfer(bytes);
}
