import { relative } from 'node:path';

/**
 * Where the bundle of a task file goes, relative to the output folder, and without extension:
 * `tasks/src/reports/report.tasks`. No two files have the same.
 *
 * @param root the folder of the project
 */
export function outputName(root: string, file: string): string {
  const path = relative(root, file)
    .replaceAll('\\', '/')
    // On another drive.
    .replace(/^([A-Za-z]):/, '$1')
    .replaceAll('../', '_/')
    .replace(/\.[cm]?[jt]sx?$/, '');
  return `tasks/${path}`;
}
