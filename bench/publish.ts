// Writes the tables of a run between the marks in README.md and docs/performance.md, and draws
// docs/performance.svg. Usage: npm run bench:publish -- figures.json
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { fullTables, summaryTable } from './report/markdown.js';
import { readReport, type Report } from './report/report.js';
import { svg } from './report/svg.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BEGIN = '<!-- bench: begin -->';
const END = '<!-- bench: end -->';

const [figures] = process.argv.slice(2);
if (figures === undefined) {
  console.error('npm run bench:publish -- figures.json');
  process.exitCode = 2;
} else {
  await publish(readReport(figures));
}

async function publish(report: Report): Promise<void> {
  await replace('README.md', summaryTable(report));
  await replace('docs/performance.md', fullTables(report));
  writeFileSync(`${ROOT}docs/performance.svg`, svg(report));
}

async function replace(file: string, content: string): Promise<void> {
  const path = ROOT + file;
  const text = readFileSync(path, 'utf8');
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`${file} has no "${BEGIN}" before "${END}".`);
  const replaced = `${text.slice(0, begin + BEGIN.length)}\n\n${content}\n\n${text.slice(end)}`;
  writeFileSync(path, await format(replaced, { ...(await resolveConfig(path)), filepath: path }));
}
