import { Injectable } from '@nestjs/common';
import { FuturesService } from 'nestjs-futures';
import { html, type Html } from '../page/html.js';
import type { FlightSummary } from '../tasks/flights.tasks.js';
import { flights } from '../tasks/handles.js';
import { card, type Portlet } from './portlet.js';

const percent = (share: number) => `${Math.round(share * 100)} %`;

export function flightsView(summary: FlightSummary | undefined): Html {
  return card(
    {
      title: 'Fly in the morning',
      lead: summary
        ? `Of ${summary.flights.toLocaleString('en')} flights, ${percent(summary.late)} left more than 15 minutes late: by hour of departure.`
        : '',
      source: 'flights-200k.json, U.S. Bureau of Transportation Statistics, 2001',
    },
    html`<ol class="hours">
      ${(summary?.byHour ?? []).map(
        ({ hour, late }) =>
          html`<li style="--share: ${late.toFixed(3)}">
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
    return flightsView(
      this.futures.resultOrSubmit('flights', undefined, flights.summarizeFlights),
    );
  }
}
