import { readFileSync } from 'node:fs';

/** Relative to the compiled file, sample/dist/page/styles.js. Read once, when the app starts. */
export const styles = [
  'page/desk.css',
  'page/portlets.css',
  'page/delays.css',
  'page/report.css',
  'trace/trace.css',
]
  .map((file) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'))
  .join('\n');
