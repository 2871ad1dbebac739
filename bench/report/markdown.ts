import type { Machine } from './machine.js';
import type { Report, Row } from './report.js';
import { figure, goalText } from './table.js';

/** The figures of every benchmark. */
export function fullTables(report: Report): string {
  return [
    conditions(report),
    ...report.sections.flatMap((section) => [
      `### ${section.name}`,
      `${sentence(section.title)}.`,
      tableOf(section.rows),
    ]),
  ].join('\n\n');
}

const FULL = ['adapter', 'contender', 'measure', 'median (min–max)', 'ratio ± noise', 'goal', ''];

function tableOf(rows: readonly Row[]): string {
  return tableText(FULL, rows.map(cellsOf));
}

function cellsOf({ adapter, contender, measure, baseline, goal, summary }: Row): string[] {
  const { median, min, max, reached } = summary;
  return [
    adapter,
    baseline === undefined ? contender : `${contender} / ${baseline.contender}`,
    measure,
    `${figure(median)} (${figure(min)}–${figure(max)})`,
    ratioText(summary),
    goal === undefined ? '' : goalText(goal),
    verdict(reached),
  ];
}

/** The ratios that have a goal, with one column per adapter. */
export function summaryTable(report: Report): string {
  const adapters = ['fastify', 'express'] as const;
  const lines = report.sections.flatMap(({ name, rows }) => {
    const judged = rows.filter(({ goal }) => goal?.of === 'ratio');
    const kinds = new Set(judged.map(kindOf));
    return Array.from(kinds, (kind) => {
      const of = judged.filter((row) => kindOf(row) === kind);
      const ratios = adapters.map((adapter) => {
        const row = of.find((each) => each.adapter === adapter);
        return row === undefined ? '' : `${ratioText(row.summary)} ${verdict(row.summary.reached)}`;
      });
      const [{ goal } = {}] = of;
      return [name, kind, ...ratios, goal === undefined ? '' : goalText(goal)];
    });
  });
  const heading = ['benchmark', 'what / compared with', ...adapters, 'goal'];
  return [tableText(heading, lines), conditions(report)].join('\n\n');
}

function kindOf({ contender, measure, baseline }: Row): string {
  return `${contender} / ${baseline?.contender}, ${measure}`;
}

function ratioText({ ratio, noise = 0 }: Row['summary']): string {
  return ratio === undefined ? '' : `${ratio.median.toFixed(2)} ± ${noise.toFixed(2)}`;
}

function verdict(reached: boolean | undefined): string {
  if (reached === undefined) return '';
  return reached ? '✓' : 'not reached';
}

function conditions({ date, machine, rounds, seconds }: Report): string {
  return `${date.slice(0, 10)}, ${machineText(machine)}; ${rounds} rounds of ${seconds} s.`;
}

function machineText({ cpu, cores, system, node, versions }: Machine): string {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${cpu}, ${cores} cores, ${system}, Node ${node}, ${packages.join(', ')}`;
}

function sentence(title: string): string {
  return title.charAt(0).toUpperCase() + title.slice(1);
}

function tableText(heading: readonly string[], lines: readonly (readonly string[])[]): string {
  return [heading, heading.map(() => '---'), ...lines].map(lineOf).join('\n');
}

function lineOf(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
