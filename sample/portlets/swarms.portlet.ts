import { Injectable } from '@nestjs/common';
import { FuturesService } from 'nestjs-futures';
import { html, type Html } from '../page/html.js';
import { quakes } from '../tasks/handles.js';
import type { Survey } from '../tasks/quakes.tasks.js';
import type { Swarm } from '../tasks/swarms.js';
import { card, type Portlet } from './portlet.js';

export function swarmsView(survey: Survey | undefined): Html {
  return card(
    {
      title: 'The largest swarms',
      lead: 'At least eight earthquakes within 50 km, and what is in reach of those.',
      source: 'DBSCAN with distances on the sphere',
    },
    html`<ol class="swarms">
      ${(survey?.swarms ?? []).slice(0, 6).map(row)}
    </ol>`,
  );
}

function row({ where, quakes: count, strongest, radius }: Swarm): Html {
  return html`<li>
    <b>${where}</b>
    <span>${count} quakes, up to M ${strongest.toFixed(1)}, within ${Math.round(radius)} km</span>
  </li>`;
}

@Injectable()
export class SwarmsPortlet implements Portlet {
  constructor(private readonly futures: FuturesService) {}

  render(): Html {
    return swarmsView(this.futures.resultOrSubmit('quakes', undefined, quakes.surveyQuakes));
  }
}
