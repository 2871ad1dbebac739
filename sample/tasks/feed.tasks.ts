import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { readOwn } from './datasets.js';

/** The parts of an Atom feed that the page shows. */
export interface Feed {
  title: string;
  author: string;
  updated: string;
  entries: FeedEntry[];
}

export interface FeedEntry {
  id: string;
  title: string;
  link: string;
  /** Its facts by name, such as Time, Location and Depth, as plain text. */
  facts: Record<string, string>;
  categories: Record<string, string>;
}

interface AtomEntry {
  id: string;
  title: string;
  link: { href: string };
  summary: { '#text': string };
  category: { label: string; term: string }[];
}

interface AtomFile {
  feed: { title: string; author: { name: string }; updated: string; entry: AtomEntry[] };
}

/** Parses an Atom feed file of `sample/data`. Throws if it is not well-formed XML. */
export function parseFeed(file: string): Feed {
  const xml = readOwn(file);
  const valid = XMLValidator.validate(xml);
  if (valid !== true) {
    const { msg, line, col } = valid.err;
    throw new SyntaxError(`${file}, line ${line}, column ${col}: ${msg}`);
  }
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    // The parser would not make a list of a single element.
    isArray: (name) => name === 'entry' || name === 'category',
  });
  const { feed } = parser.parse(xml) as AtomFile;
  return {
    title: feed.title,
    author: feed.author.name,
    updated: feed.updated,
    entries: feed.entry.map(toEntry),
  };
}

function toEntry({ id, title, link, summary, category }: AtomEntry): FeedEntry {
  const facts = summary['#text'].matchAll(/<dt>(.*?)<\/dt><dd>(.*?)<\/dd>/gs);
  return {
    id,
    title,
    link: link.href,
    facts: Object.fromEntries([...facts].map(([, name, value]) => [text(name!), text(value!)])),
    categories: Object.fromEntries(category.map(({ label, term }) => [label, term])),
  };
}

/** The text of a piece of HTML, for the HTML that this feed contains. */
function text(html: string): string {
  return html
    .replace(/<[^>]*>/g, '')
    .replaceAll('&deg;', '°')
    .replaceAll('&amp;', '&')
    .trim();
}
