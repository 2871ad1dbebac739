import { html, trusted, type Html } from '../page/html.js';

/** A part of the page that looks after itself. */
export interface Portlet {
  /**
   * Called once a pass. Must not fail: what goes wrong with its own futures, a portlet shows in its
   * own place.
   */
  render(): Html;
}

/** What frames every portlet. */
export function card(
  {
    title,
    lead,
    source,
    size,
  }: { title: string; lead: string; source: string; size?: 'wide' | 'wide tall' | 'full' },
  body: Html,
): Html {
  return html`<section class="card${size ? ` ${size}` : ''}">
    <h2>${title}</h2>
    <p class="lead">${lead}</p>
    ${body}
    <p class="source">${source}</p>
  </section>`;
}

/** A picture drawn by a task, with what it says in words for those who do not see it. */
export function picture(svg: string, label: string, className = 'chart'): Html {
  return html`<div class="${className}" role="img" aria-label="${label}">${trusted(svg)}</div>`;
}

/** What a visitor may know of an error: its message may hold a path of the server, or an address. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
