import type { AdapterName } from '../benchmark.js';
import type { Report, Row, Section } from './report.js';

/** The plotted benchmarks: each compares with hand-written piscina.run(). */
const PLOTTED = ['declarative-1', 'imperative-1', 'small-10', 'small-50'] as const;

const COLORS: Readonly<Record<AdapterName, string>> = { fastify: '#2f6f8f', express: '#9dbfcf' };

const WIDTH = 860;
const LEFT = 330;
const RIGHT = 70;
const TOP = 64;
const BAR = 13;
const GROUP_GAP = 12;
const FOOTER = 44;

interface Group {
  readonly label: string;
  readonly rows: readonly Row[];
}

/** A bar chart of throughput relative to the baseline: contenders are groups, adapters are bars. */
export function svg(report: Report): string {
  const groups = PLOTTED.flatMap((name) => groupsOf(report.sections.find((s) => s.name === name)));
  const largest = Math.max(1, ...groups.flatMap(({ rows }) => rows.map(ratioOf)));
  const scale = (WIDTH - LEFT - RIGHT) / largest;
  const bars: string[] = [];
  let y = TOP;
  for (const { label, rows } of groups) {
    const middle = y + (rows.length * BAR) / 2 + 4;
    bars.push(text(LEFT - 10, middle, label, 'text-anchor="end"'));
    for (const row of rows) {
      const length = ratioOf(row) * scale;
      bars.push(
        `<rect x="${LEFT}" y="${y}" width="${length.toFixed(1)}" height="${BAR - 2}" fill="${COLORS[row.adapter]}"/>`,
        text(LEFT + length + 6, y + BAR - 3, `${ratioOf(row).toFixed(2)}×`, 'font-size="11"'),
      );
      y += BAR;
    }
    y += GROUP_GAP;
  }
  const one = LEFT + scale;
  const height = y + FOOTER;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="13" fill="#222">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    text(
      16,
      24,
      'Requests per second, as a multiple of hand-written piscina.run()',
      'font-size="16"',
    ),
    ...legend(),
    ...bars,
    `<line x1="${one.toFixed(1)}" y1="${TOP - 6}" x2="${one.toFixed(1)}" y2="${y - GROUP_GAP + 6}" stroke="#b33" stroke-dasharray="4 3"/>`,
    text(16, height - 24, footer(report), 'font-size="11" fill="#666"'),
    text(
      16,
      height - 9,
      `Median of ${report.rounds} rounds. npm run bench`,
      'font-size="11" fill="#666"',
    ),
    '</svg>\n',
  ].join('\n');
}

function groupsOf(section: Section | undefined): Group[] {
  const rows = section?.rows.filter(({ goal }) => goal !== undefined) ?? [];
  const contenders = [...new Set(rows.map(({ contender }) => contender))];
  return contenders.map((contender) => ({
    label: `${section?.name}: ${contender}`,
    rows: rows.filter((row) => row.contender === contender),
  }));
}

function ratioOf({ summary }: Row): number {
  return summary.ratio?.median ?? 0;
}

function legend(): string[] {
  return Object.entries(COLORS).flatMap(([adapter, color], i) => [
    `<rect x="${16 + i * 90}" y="36" width="11" height="11" fill="${color}"/>`,
    text(32 + i * 90, 46, adapter, 'font-size="12"'),
  ]);
}

function footer({ date, machine: { cpu, cores, node, versions } }: Report): string {
  return `${date.slice(0, 10)}, ${cpu}, ${cores} cores, Node ${node}, Nest ${versions['@nestjs/core']}, piscina ${versions['piscina']}`;
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const escaped = content.replace(/&/g, '&amp;').replace(/</g, '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped}</text>`;
}
