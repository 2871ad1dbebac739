import type { Goal } from '../benchmark.js';
import type { Machine } from './machine.js';
import type { Row, Section } from './report.js';

export function machineLines({ cpu, cores, memory, system, node, versions }: Machine): string {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [`${cpu}, ${cores} cores, ${memory}, ${system}, Node ${node}`, packages.join(', ')].join(
    '\n',
  );
}

const HEADINGS = [
  'contender',
  'measure',
  'median',
  'min',
  'max',
  'ratio',
  'noise',
  'of medians',
  'goal',
  'against',
  '',
];

/** The section as a plain-text table. */
export function table({ name, title, rows }: Section): string {
  const lines = [`${name}: ${title}`];
  for (const adapter of new Set(rows.map((row) => row.adapter))) {
    const cells = rows
      .filter((row) => row.adapter === adapter)
      .map((row) => cellsOf(row, rows[0]?.contender ?? ''));
    lines.push('', `  ${adapter}`, ...align([HEADINGS, ...cells]));
  }
  return lines.join('\n');
}

function cellsOf({ contender, measure, goal, baseline, summary }: Row, first: string): string[] {
  const { median, min, max, ratio, noise, ratioOfMedians, reached } = summary;
  return [
    contender,
    measure,
    figure(median),
    figure(min),
    figure(max),
    ratio === undefined ? '' : ratio.median.toFixed(3),
    noise === undefined ? '' : `±${noise.toFixed(3)}`,
    ratioOfMedians === undefined ? '' : ratioOfMedians.toFixed(3),
    goal === undefined ? '' : goalText(goal),
    baseline === undefined || baseline.contender === first ? '' : baseline.contender,
    reached === undefined ? '' : verdictOf(reached, goal, summary.difference?.median),
  ];
}

function verdictOf(reached: boolean, goal: Goal | undefined, difference = 0): string {
  const by = goal?.of === 'difference' ? ` (${signed(difference)})` : '';
  return (reached ? 'reached' : 'NOT REACHED') + by;
}

export function goalText({ of, atLeast, atMost }: Goal): string {
  const bound = atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`;
  return of === 'difference' ? `${bound} more` : bound;
}

/** Formats a figure with three significant digits, or with all of its integer part. */
export function figure(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function signed(value: number): string {
  return value > 0 ? `+${figure(value)}` : figure(value);
}

const LEFT: ReadonlySet<string> = new Set(['contender', 'measure', 'against', '']);

/** Aligns words to the left and figures to the right. */
function align(lines: readonly (readonly string[])[]): string[] {
  const widths = HEADINGS.map((_, i) => Math.max(...lines.map((cells) => cells[i]?.length ?? 0)));
  return lines.map((cells) => {
    const padded = cells.map((cell, i) =>
      LEFT.has(HEADINGS[i] ?? '') ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0),
    );
    return `    ${padded.join('  ')}`.trimEnd();
  });
}
