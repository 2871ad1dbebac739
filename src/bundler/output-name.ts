import { posix, relative } from 'node:path';

/**
 * Where the bundle of a task file goes, relative to the app's own file, and without extension:
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

/** The folder of the app's own file in the output, where the bundles of task files go, too. */
export function folderOf(fileNames: unknown): string {
  if (typeof fileNames !== 'string') return '';
  const folder = posix.dirname(fileNames.replaceAll('\\', '/'));
  // What a placeholder stands for is another for each file.
  return folder.includes('[') || folder === '.' ? '' : `${folder}/`;
}
