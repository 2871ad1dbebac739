import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/project.js';

/** An exported name, split into words: `TaskFile` is " task file ". */
interface Name {
  readonly name: string;
  readonly words: string;
  readonly file: string;
  readonly isType: boolean;
}

const EXPORT = /^export (?:abstract |async )?(class|interface|type|enum|function\*?|const) (\w+)/gm;

/** Folders whose classes and types are named by words of the page. */
const NAMED_BY_THE_PAGE = /^(request|executors|replay)\//;

const exported = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .flatMap(exportsOf);

const page = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
const glossary = tableUnder('word', page);
const words = glossary.map(([word = '']) => word);
const furtherWords = tableUnder('word in names', page).flatMap(([cell = '']) => cell.split(', '));
const synonyms = glossary.flatMap(([word = '', , others = '']) =>
  others.split(', ').map((other) => [other, word] as const),
);

describe('the glossary of docs/architecture.md', () => {
  it('is there, and so are the names', () => {
    expect(words).toEqual(expect.arrayContaining(['future', 'call', 'job', 'message', 'outcome']));
    expect(furtherWords.length).toBeGreaterThan(10);
    expect(exported.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['Ledger', 'taskFile', 'Scheduler', 'REPLAY_MODES']),
    );
  });

  it.each(words)('has a word that names something: %s', (word) => {
    expect(exported.some((name) => contains(name, word))).toBe(true);
  });

  it.each(synonyms)('is used instead of "%s", which would be a second word for "%s"', (other) => {
    expect(exported.filter((name) => contains(name, other)).map(told)).toEqual([]);
  });

  it.each(furtherWords)('says nothing of words that no name has any more: %s', (word) => {
    expect(exported.some((name) => contains(name, word))).toBe(true);
  });

  it('names the classes and types of request/, executors/ and replay/', () => {
    const known = [...words, ...furtherWords];
    const unknown = exported.filter(
      (each) =>
        each.isType &&
        NAMED_BY_THE_PAGE.test(each.file) &&
        !known.some((word) => contains(each, word)),
    );
    expect(unknown.map(told)).toEqual([]);
  });
});

function exportsOf(file: string): Name[] {
  const source = readFileSync(join(ROOT, 'src', file), 'utf8');
  return Array.from(source.matchAll(EXPORT), ([, kind = '', name = '']) => ({
    name,
    words: ` ${wordsOf(name).map(singular).join(' ')} `,
    file,
    isType: ['class', 'interface', 'type', 'enum'].includes(kind),
  }));
}

function wordsOf(name: string): string[] {
  return name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g) ?? [];
}

function singular(word: string): string {
  return word.toLowerCase().replace(/(?<=[^s])s$/, '');
}

function contains({ words: ofName }: Name, word: string): boolean {
  return ofName.includes(` ${word.split(' ').map(singular).join(' ')} `);
}

function told({ name, file }: Name): string {
  return `${name} (src/${file})`;
}

/** The rows of the table whose first column has this head. */
function tableUnder(head: string, markdown: string): string[][] {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => cellsOf(line)[0] === head);
  const rest = lines.slice(start + 2);
  return rest
    .slice(
      0,
      rest.findIndex((line) => !line.startsWith('|')),
    )
    .map(cellsOf);
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}
