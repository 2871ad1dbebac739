// What the matrix prints.
import { stripVTControlCharacters } from 'node:util';

/** The line of a failure's output that says most. */
export function reasonOf({ message, output = '' }) {
  const lines = stripVTControlCharacters(output)
    .split('\n')
    .map((line) => line.trim());
  const line =
    lines.find((each) => /\bERR_FUTURES|UnknownTask/.test(each)) ??
    lines.find((each) => /\w*Error\b|error TS/.test(each)) ??
    lines.find((each) => each !== '') ??
    '';
  // Without Nest's process id and time.
  const text = line.replace(/^\[Nest\].*?(?:AM|PM)\s+/, '');
  return `${message}: ${text}`.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').slice(0, 300);
}

const lineOf = (cells) => `| ${cells.join(' | ')} |`;

/** @returns a table in Markdown, and below it what cells without a tick said */
export function tableOf(results, majors) {
  const notes = [];
  const cellOf = (row, cells, major) => {
    if (!cells.has(major)) return '–';
    const failure = cells.get(major);
    if (failure === undefined) return '✓';
    const note = row.limit ?? failure;
    if (!notes.includes(note)) notes.push(note);
    return `✗ (${notes.indexOf(note) + 1})`;
  };
  const table = [
    lineOf(['set-up', ...majors.map((major) => `Node ${major}`)]),
    lineOf(['---', ...majors.map(() => '---')]),
    ...results.map(({ row, cells }) =>
      lineOf([row.name, ...majors.map((major) => cellOf(row, cells, major))]),
    ),
  ];
  return [...table, '', ...notes.map((note, index) => `${index + 1}. ${note}`)].join('\n').trim();
}
