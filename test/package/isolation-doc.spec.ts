import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../support/project.js';

const TESTS = join(ROOT, 'test');
const HEAD = ['neighbour', "`replay: 'handler'`", "`replay: 'request'`"];

/** By section and neighbour of the page: spec files, each with parts of titles of its tests. */
type Tests = Readonly<Record<string, Readonly<Record<string, Record<string, string[]>>>>>;

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const tests = JSON.parse(read('test/package/isolation-tests.json')) as Tests;
const doc = read('docs/isolation.md');
const sections = doc.split(/^(?=##+ )/m).map((text) => ({
  section: /^##+ (.*)$/m.exec(text)?.[1] ?? '',
  tables: tablesIn(text),
}));
const tables = sections.flatMap((section) => section.tables);
const rows = tables.flatMap(({ body }) => body);

const NO_FILE: [string, string[]] = ['', []];

/** A row without a file, or a file without a title, would be checked by nothing: it fails. */
const named = Object.values(tests)
  .flatMap((neighbours) => Object.values(neighbours))
  .flatMap((files) => (Object.keys(files).length === 0 ? [NO_FILE] : Object.entries(files)))
  .flatMap(([file, titles]) =>
    (titles.length === 0 ? [''] : titles).map((title) => [file, title] as const),
  );

describe('docs/isolation.md', () => {
  it('has tables of neighbours and modes, each with rows', () => {
    expect(tables.length).toBeGreaterThan(0);
    for (const { head, body } of tables) {
      expect(head).toEqual(HEAD);
      expect(body).not.toEqual([]);
    }
    // No row stands outside of a table, where nothing would check it.
    const lines = doc.split('\n').filter((line) => line.trimStart().startsWith('|'));
    expect(lines).toHaveLength(rows.length + 2 * tables.length);
  });

  it('says something in each cell', () => {
    for (const cells of rows) {
      expect(cells).toHaveLength(HEAD.length);
      expect(cells).not.toContain('');
    }
  });

  it('has tests for each row, and a row for all tests', () => {
    const ofPage = sections.flatMap(({ section, tables: own }) =>
      own.flatMap(({ body }) => body.map(([neighbour = '']) => `${section}: ${neighbour}`)),
    );
    const ofTests = Object.entries(tests).flatMap(([section, neighbours]) =>
      Object.keys(neighbours).map((neighbour) => `${section}: ${neighbour}`),
    );
    expect(ofTests.toSorted()).toEqual(ofPage.toSorted());
  });

  it.each([...new Map(named.map((each) => [each.join(': '), each])).values()])(
    'is covered by a test in %s: %s',
    (file, title) => {
      expect([file, title]).not.toContain('');
      const path = join(TESTS, file);
      expect(existsSync(path)).toBe(true);
      // Of two that fit, one could go unnoticed.
      expect(titlesIn(path).filter((each) => each.includes(title))).toHaveLength(1);
    },
  );
});

function tablesIn(markdown: string): { head: string[]; body: string[][] }[] {
  const tables = markdown.match(/^\|.*\n\| *-.*\n(?:\|.*\n)*/gm) ?? [];
  return tables.map((table) => {
    const [head = [], , ...body] = table.trimEnd().split('\n').map(cellsOf);
    return { head, body };
  });
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** The titles of the tests in a file, and in the suites of its folder that it imports. */
function titlesIn(path: string): string[] {
  const source = readFileSync(path, 'utf8');
  // Not those of tests that are skipped.
  const own = source.matchAll(/^ *it(?:\.each[^]*?\))?\(\s*(['"`])((?:\\.|(?!\1)[^])*)\1/gm);
  const suites = Array.from(source.matchAll(/ from '\.\/(.*)\.js';$/gm), ([, name]) =>
    join(dirname(path), `${name}.ts`),
  );
  return [...Array.from(own, ([, , title = '']) => title), ...suites.flatMap(titlesIn)];
}
