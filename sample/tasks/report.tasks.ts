import MarkdownIt from 'markdown-it';
import { createHighlighter, type Highlighter } from 'shiki';
import { readOwn } from './datasets.js';

const themes = { light: 'github-light-default', dark: 'github-dark-default' };
const langs = ['typescript', 'sql', 'python', 'json', 'shellscript'];

// Loading grammars and themes takes longer than using them, so it happens once per worker.
let highlighter: Promise<Highlighter> | undefined;

/** Renders Markdown as HTML with highlighted code blocks. HTML in the Markdown is escaped. */
export async function renderMarkdown(markdown: string): Promise<string> {
  highlighter ??= createHighlighter({ themes: Object.values(themes), langs });
  const shiki = await highlighter;
  return new MarkdownIt({
    html: false,
    typographer: true,
    highlight: (code, language) =>
      shiki.codeToHtml(code.trimEnd(), {
        lang: langs.includes(language) ? language : 'text',
        themes,
        // Custom properties instead of colours: the page's style sheet picks the theme.
        defaultColor: false,
        // By default, a line that takes half a second (as on a busy machine) is not highlighted.
        tokenizeTimeLimit: 0,
      }),
  }).render(markdown);
}

/** Renders a Markdown file of `sample/data`. */
export function renderReport(file: string): Promise<string> {
  return renderMarkdown(readOwn(file));
}
