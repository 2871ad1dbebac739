import { Injectable } from '@nestjs/common';
import { FuturesService } from 'nestjs-futures';
import { html, type Html } from '../page/html.js';
import type { FlightSummary } from '../tasks/flights.tasks.js';
import { flights } from '../tasks/handles.js';
import { card, type Portlet } from './portlet.js';

const percent = (share: number) => `${Math.round(share * 100)} %`;

export function flightsView(summary: FlightSummary | undefined): Html {
  const hours = summary?.byHour ?? [];
  const worst = Math.max(...hours.map(({ late }) => late));
  return card(
    {
      title: 'Fly in the morning',
      lead: summary
        ? `Of ${summary.flights.toLocaleString('en')} flights, ${percent(summary.late)} were more than 15 minutes late: by the hour they left.`
        : '',
      source: 'flights-200k.json, U.S. Bureau of Transportation Statistics',
    },
    html`<ol class="hours">
      ${hours.map(
        ({ hour, late }) =>
          html`<li style="--share: ${(late / worst).toFixed(3)}">
            <b>${hour}<span class="sr"> h</span></b>
            <span>${percent(late)}</span>
          </li>`,
      )}
    </ol>`,
  );
}

@Injectable()
export class FlightsPortlet implements Portlet {
  constructor(private readonly futures: FuturesService) {}

  render(): Html {
    return flightsView(this.futures.resultOrSubmit('flights', undefined, flights.summarizeFlights));
  }
}
