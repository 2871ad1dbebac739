// Draws the ratios of a run as an SVG. Usage: npm run bench:plot -- figures.json plot.svg
import { writeFileSync } from 'node:fs';
import { readReport } from './report/report.js';
import { svg } from './report/svg.js';

const [figures, plot] = process.argv.slice(2);
if (figures === undefined || plot === undefined) {
  console.error('npm run bench:plot -- figures.json plot.svg');
  process.exitCode = 2;
} else {
  writeFileSync(plot, svg(readReport(figures)));
}
