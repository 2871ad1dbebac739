import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { taskFile, type TaskFile } from '../../src/index.js';

export const tasks = taskFile<typeof import('../fixtures/basic.tasks.js')>(
  new URL('../fixtures/basic.tasks.js', import.meta.url),
);

/** The handles of a task file that was there at startup, and is gone when a worker loads it. */
export function goneTaskFile<Module>(name: string): TaskFile<Module> {
  return withFile(name, (path) => taskFile<Module>(path));
}

/** What `use` makes of the path of a file, which is removed afterwards. */
export function withFile<Result>(
  name: string,
  use: (path: string) => Result,
  content = '',
): Result {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-futures-'));
  try {
    const path = join(folder, name);
    writeFileSync(path, content);
    return use(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
