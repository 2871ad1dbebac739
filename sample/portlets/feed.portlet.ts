import { Injectable } from '@nestjs/common';
import { FuturesService } from 'nestjs-futures';
import { html, type Html } from '../page/html.js';
import type { Feed, FeedEntry } from '../tasks/feed.tasks.js';
import { feed } from '../tasks/handles.js';
import { card, type Portlet } from './portlet.js';

export const feedFile = 'quakes.atom';

export function feedView(parsed: Feed | undefined): Html {
  return card(
    {
      title: parsed?.title ?? '',
      lead: parsed ? `The latest ten of ${parsed.entries.length} entries, an Atom feed.` : '',
      source: `sample/data/${feedFile}, ${parsed?.author ?? ''}`,
    },
    html`<ul class="feed">
      ${(parsed?.entries ?? []).slice(0, 10).map(entry)}
    </ul>`,
  );
}

function entry({ title, link, facts }: FeedEntry): Html {
  const [, magnitude = '', where = title] = /^M (\S+) - (.*)$/.exec(title) ?? [];
  return html`<li>
    <span class="magnitude">${magnitude}</span>
    <a href="${webAddress(link)}">${where}</a>
    <small>${facts['Time'] ?? ''}, ${facts['Depth']?.replace(/ \(.*/, '') ?? ''} deep</small>
  </li>`;
}

/** Feeds are not trusted: escaping alone would let `javascript:` through. */
function webAddress(link: string): string {
  return /^https?:\/\//.test(link) ? link : '#';
}

@Injectable()
export class FeedPortlet implements Portlet {
  constructor(private readonly futures: FuturesService) {}

  render(): Html {
    return feedView(this.futures.resultOrSubmit('feed', undefined, feed.parseFeed, feedFile));
  }
}
