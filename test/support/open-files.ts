import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders = new Set<string>();

afterEach(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
  folders.clear();
});

/** A file that is removed after the test. */
export function temporaryFile(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-futures-'));
  folders.add(folder);
  const path = join(folder, 'page.txt');
  writeFileSync(path, content);
  return path;
}

/** How many handles of this process are open on the file. */
export function openHandles(path: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => targetOf(fd) === path).length;
}

function targetOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // The handle by which the folder itself was read.
    return undefined;
  }
}
