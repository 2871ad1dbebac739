// What the matrix prints.
import { readFile, writeFile } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';

/** The line of a failure's output that says most. */
export function reasonOf({ message, output = '' }) {
  const lines = stripVTControlCharacters(output)
    .split('\n')
    .map((line) => line.trim());
  const line =
    lines.find((each) => /\bERR_FUTURES|UnknownTask|\[ERROR\]/.test(each)) ??
    lines.find((each) => /\w*Error\b|error TS/.test(each)) ??
    lines.find((each) => each !== '') ??
    '';
  // Without Nest's process id and time.
  const text = line.replace(/^\[Nest\].*?(?:AM|PM)\s+/, '');
  return `${message}: ${text}`.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').slice(0, 300);
}

/** What was found out about one build of the package, kept in a file: runs may try some rows each. */
export class Found {
  #file;
  #shasum;
  /** By the name of a row and the major of Node: why it failed; null if it did not. */
  #cells;

  constructor(file, shasum, cells) {
    this.#file = file;
    this.#shasum = shasum;
    this.#cells = cells;
  }

  static async read(file, shasum) {
    const text = await readFile(file, 'utf8').catch(() => '{}');
    const known = JSON.parse(text);
    return new Found(file, shasum, known.shasum === shasum ? known.cells : {});
  }

  async add({ name }, major, failure) {
    (this.#cells[name] ??= {})[major] = failure ?? null;
    await writeFile(this.#file, JSON.stringify({ shasum: this.#shasum, cells: this.#cells }));
  }

  /** Undefined if it was not tried. */
  of({ name }, major) {
    return this.#cells[name]?.[major];
  }

  hasFailure({ name }) {
    return Object.values(this.#cells[name] ?? {}).some((failure) => failure !== null);
  }
}

const lineOf = (cells) => `| ${cells.join(' | ')} |`;

/** @returns a table in Markdown, and below it what cells without a tick said */
export function tableOf(rows, majors, found) {
  const notes = [];
  const cellOf = (row, major) => {
    const failure = found.of(row, major);
    if (failure === undefined) return '–';
    if (failure === null) return '✓';
    const note = row.limit ?? failure;
    if (!notes.includes(note)) notes.push(note);
    return `✗ (${notes.indexOf(note) + 1})`;
  };
  const tried = rows.filter((row) => majors.some((major) => found.of(row, major) !== undefined));
  const table = [
    lineOf(['set-up', ...majors.map((major) => `Node ${major}`)]),
    lineOf(['---', ...majors.map(() => '---')]),
    ...tried.map((row) => lineOf([row.name, ...majors.map((major) => cellOf(row, major))])),
  ];
  return [...table, '', ...notes.map((note, index) => `${index + 1}. ${note}`)].join('\n').trim();
}
