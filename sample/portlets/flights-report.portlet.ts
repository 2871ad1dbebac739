import { Injectable } from '@nestjs/common';
import { FuturesService } from 'nestjs-futures';
import type { AirportDelays, DelayReport, RouteDelays } from '../flights-report/delays.service.js';
import { html, type Html } from '../page/html.js';
import { flightsReport } from '../tasks/handles.js';
import { card, codeOf, type Portlet } from './portlet.js';

const title = 'Delays pile up through the day';
const data = 'flights-3m.parquet, U.S. Bureau of Transportation Statistics, first half of 2001';

const percent = (late: number, flights: number) => `${Math.round((100 * late) / flights)} %`;

export function flightsReportView(report: DelayReport | undefined): Html {
  if (report === undefined) return card({ title, lead: '', source: data, size: 'full' }, html``);
  const { flights, late, hours, airports, routes, database } = report;
  return card(
    {
      title,
      lead: `Of ${flights.toLocaleString('en')} flights, ${percent(late, flights)} were more than 15 minutes late. Airports and routes with the largest share of those come first.`,
      source: `${data}, in ${database}`,
      size: 'full',
    },
    html`<div class="delays">
      <div class="airports" role="region" aria-labelledby="airports" tabindex="0">
        ${airportTable(airports, hours)}
      </div>
      <div>
        <h3>The worst routes: delay of the middle half and of eight in ten flights, minutes</h3>
        ${routeList(routes)}
      </div>
    </div>`,
  );
}

function airportTable(airports: readonly AirportDelays[], hours: readonly number[]): Html {
  return html`<table>
    <caption id="airports">
      The 15 busiest airports, by hour of departure: one flight in ten is later than … minutes
    </caption>
    <thead>
      <tr>
        <th scope="col"><span class="sr">Airport</span></th>
        <th scope="col">late</th>
        ${hours.map((hour) => html`<th scope="col">${hour}<span class="sr"> h</span></th>`)}
      </tr>
    </thead>
    <tbody>
      ${airports.map(
        ({ code, flights, late, worstTenth }) =>
          html`<tr>
            <th scope="row">${code}</th>
            <td>${percent(late, flights)}</td>
            ${hours.map((hour) => cell(worstTenth.find((of) => of.hour === hour)?.minutes))}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** The minutes of delay at which the second to the seventh colour begin. */
const STEPS = [15, 25, 35, 50, 65, 85];

function cell(minutes: number | undefined): Html {
  if (minutes === undefined) return html`<td></td>`;
  return html`<td class="step${STEPS.filter((step) => minutes >= step).length + 1}">
    ${minutes}
  </td>`;
}

/** Minutes between the grid lines behind the routes. */
const GRID = 30;

function routeList(routes: readonly RouteDelays[]): Html {
  const from = Math.min(0, ...routes.map(({ quantiles: [low] }) => low));
  const to = Math.max(1, ...routes.map(({ quantiles }) => quantiles[4]));
  const at = (minutes: number) => `${((100 * (minutes - from)) / (to - from)).toFixed(1)}%`;
  const lines = Array.from({ length: Math.floor(to / GRID) + 1 }, (_, n) => n * GRID);
  return html`<ol class="routes">
    ${routes.map((route) => routeRow(route, at))}
    <li aria-hidden="true">
      <span></span>
      <span class="minutes">
        ${lines.map((line) => html`<i style="left: ${at(line)}">${line}</i>`)}
      </span>
    </li>
  </ol>`;
}

function routeRow(
  { origin, destination, flights, late, quantiles }: RouteDelays,
  at: (minutes: number) => string,
): Html {
  const [low, lower, median, upper, high] = quantiles;
  const span = (a: number, b: number) => `left: ${at(a)}; right: calc(100% - ${at(b)})`;
  return html`<li>
    <span>${origin} → ${destination}</span>
    <span
      class="range"
      role="img"
      aria-label="median ${median}, half of the flights ${lower} to ${upper}, eight in ten ${low} to ${high}"
    >
      <i style="${span(low, high)}"></i>
      <i class="half" style="${span(lower, upper)}"></i>
      <i class="median" style="left: ${at(median)}"></i>
    </span>
    <span>${percent(late, flights)}<span class="sr"> late</span></span>
  </li>`;
}

export function flightsReportFailedView(error: unknown): Html {
  return card(
    { title, lead: '', source: data, size: 'full' },
    html`<div class="failed">
      <p><b>Not available now</b> (<code>${codeOf(error)}</code>).</p>
      <p>The database with the flights has not answered; see the README of the sample.</p>
    </div>`,
  );
}

@Injectable()
export class FlightsReportPortlet implements Portlet {
  constructor(private readonly futures: FuturesService) {}

  render(): Html {
    try {
      return flightsReportView(
        this.futures.resultOrSubmit('delays', undefined, flightsReport.reportDelays),
      );
    } catch (error) {
      return flightsReportFailedView(error);
    }
  }
}
