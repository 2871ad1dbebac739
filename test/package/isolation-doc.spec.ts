import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../support/project.js';

const TESTS = join(ROOT, 'test');
const HEAD = ['neighbour', "`replay: 'handler'`", "`replay: 'request'`", 'test'];

/** A row of a table, with the tests that it names: a spec file, and a part of a test's title. */
interface Row {
  readonly cells: readonly string[];
  readonly tests: readonly (readonly [file: string, title: string])[];
}

const doc = readFileSync(join(ROOT, 'docs/isolation.md'), 'utf8');
const tables = tablesIn(doc);
const rows = tables.flatMap(({ body }) =>
  body.map((cells): Row => ({ cells, tests: testsIn(cells) })),
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
    for (const { cells } of rows) {
      expect(cells).toHaveLength(HEAD.length);
      expect(cells).not.toContain('');
    }
  });

  it('names a test in each row, and a title for each spec file', () => {
    const without = rows.filter(({ cells, tests }) => {
      const files = codeIn(cells.at(-1)).filter(isSpec);
      return files.length === 0 || files.some((file) => !tests.some(([named]) => named === file));
    });
    expect(without.map(({ cells }) => cells)).toEqual([]);
  });

  const named = new Map(rows.flatMap(({ tests }) => tests.map((test) => [test.join(': '), test])));

  it.each([...named.values()])('names a test of %s: %s', (file, title) => {
    const path = join(TESTS, file);
    expect(existsSync(path)).toBe(true);
    // Of two that fit, one could go unnoticed.
    expect(titlesIn(path).filter((each) => each.includes(title))).toHaveLength(1);
  });
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

/** In the last cell stand files, each followed by titles of its tests. */
function testsIn(cells: readonly string[]): Row['tests'] {
  let file: string | undefined;
  return codeIn(cells.at(-1)).flatMap((code) => {
    if (isSpec(code)) file = code;
    return isSpec(code) || file === undefined ? [] : [[file, code] as const];
  });
}

function codeIn(cell = ''): string[] {
  return Array.from(cell.matchAll(/`([^`]+)`/g), ([, code = '']) => code);
}

function isSpec(code: string): boolean {
  return code.endsWith('.spec.ts');
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
