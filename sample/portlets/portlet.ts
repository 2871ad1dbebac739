import { html, trusted, type Html } from '../page/html.js';

/** A self-contained part of the page. */
export interface Portlet {
  /**
   * Called once per pass. Must not throw: a portlet shows errors of its own futures in its own
   * place.
   */
  render(): Html;
}

/** The frame of every portlet. */
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

/** A picture drawn by a task, with a description for those who can't see it. */
export function picture(svg: string, label: string, className = 'chart'): Html {
  return html`<div class="${className}" role="img" aria-label="${label}">${trusted(svg)}</div>`;
}

/** The part of an error for visitors: its message may contain a server path or an address. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
