import type { LatestRuns, Way } from '../trace/latest-runs.js';
import { html, trusted, type Html } from './html.js';
import { routes } from './routes.js';
import { styles } from './styles.js';

/** The page around the portlets. */
export function page({
  way,
  runs,
  trace,
  portlets,
}: {
  way: Way;
  runs: LatestRuns;
  trace: Html;
  portlets: readonly Html[];
}): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>The data desk</title>
        <link rel="icon" href="data:," />
        <style>
          ${trusted(styles)}
        </style>
      </head>
      <body>
        <header>
          <div>
            <h1>The data desk</h1>
            <p>
              A page of portlets that do not know of each other. Each asks for what it needs with a
              plain synchronous call, and draws charts, parses a feed, clusters earthquakes, asks a
              database.
            </p>
          </div>
          <nav aria-label="Where the page is computed">
            ${tab('/', 'With futures', 'futures', way, runs)}
            ${tab('/inline', 'On the event loop', 'inline', way, runs)}
          </nav>
        </header>
        ${trace}
        <main>${portlets}</main>
        <footer>
          <h2>Also here</h2>
          <ul>
            ${routes.map(
              ({ path, says }) => html`<li><a href="${path}">${path}</a> <span>${says}</span></li>`,
            )}
          </ul>
        </footer>
      </body>
    </html> `.markup;
}

function tab(path: string, name: string, target: Way, way: Way, runs: LatestRuns): Html {
  const total = runs.total(target);
  return html`<a href="${path}" ${trusted(target === way ? 'aria-current="page"' : '')}>
    <b>${name}</b>
    <span>${total === undefined ? 'not yet computed' : `${Math.round(total)} ms`}</span>
  </a>`;
}
