import { html, type Html } from '../page/html.js';
import { EVENT_LOOP, type Span, type Trace, type TraceRow } from './trace.js';

const milliseconds = (time: number) => `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`;

/** The picture of what a request did. */
export function tracePanel(trace: Trace): Html {
  const ends = trace.rows.flatMap(({ spans }) => spans).map(({ from, length }) => from + length);
  const end = Math.max(trace.total, ...ends);
  const places = [EVENT_LOOP, ...workers(trace)];
  return html`<section class="trace" aria-labelledby="trace">
    <h2 id="trace">What this request did</h2>
    <dl class="figures">
      ${figure(milliseconds(trace.total), 'until the page was there')}
      ${figure(`${Math.round(trace.loopBusy * 100)} %`, 'of it the event loop was busy')}
      ${figure(trace.passes, trace.passes === 1 ? 'run of the handler' : 'passes of the handler')}
      ${figure(tasks(trace).length, 'tasks')}
      ${figure(places.length - 1, places.length === 2 ? 'worker' : 'workers')}
    </dl>
    <ol class="rows">
      ${trace.rows.map((row) => rowView(row, end, places.indexOf(row.where)))}
    </ol>
    <div class="axis" aria-hidden="true">
      <span></span>
      <span class="ticks">
        ${ticks(end).map(
          (tick) => html`<i style="--from: ${percent(tick, end)}">${tick}&hairsp;ms</i>`,
        )}
      </span>
    </div>
    <p class="legend">
      ${places.map((place, lane) => html`<span><i class="run lane${lane}"></i>${place}</span>`)}
      ${places.length > 1 ? html`<span><i class="wait"></i>in the queue</span>` : ''}
    </p>
  </section>`;
}

function figure(value: string | number, label: string): Html {
  return html`<div>
    <dd>${value}</dd>
    <dt>${label}</dt>
  </div>`;
}

function rowView(
  { what, detail, where, failed, spans }: TraceRow,
  end: number,
  lane: number,
): Html {
  const time = spans.filter(({ kind }) => kind !== 'wait').reduce((sum, s) => sum + s.length, 0);
  return html`<li>
    <span class="what"><b>${what}</b> ${detail}</span>
    <span class="track">${spans.map((span) => bar(span, end, lane))}</span>
    <span class="time">
      <span class="where">${where}</span>
      ${failed ? html`<em>failed</em> ` : ''}${milliseconds(time)}
    </span>
  </li>`;
}

function bar({ kind, from, length }: Span, end: number, lane: number): Html {
  const className = kind === 'wait' ? 'wait' : `run lane${lane}`;
  return html`<i
    class="${className}"
    style="--from: ${percent(from, end)}; --length: ${percent(length, end)}"
  ></i>`;
}

/** The share of the axis in which labels may begin, so that the last one fits. */
const ROOM = 0.87;

/** Four to eight round numbers from 0 to the end. */
function ticks(end: number): number[] {
  const magnitude = 10 ** Math.floor(Math.log10(end));
  const step = [0.2, 0.5, 1, 2].map((n) => n * magnitude).find((s) => end / s <= 5) ?? magnitude;
  return Array.from({ length: Math.floor((end * ROOM) / step) + 1 }, (_, n) =>
    Math.round(n * step),
  );
}

function percent(time: number, end: number): string {
  return `${((100 * time) / end).toFixed(2)}%`;
}

function tasks({ rows }: Trace): TraceRow[] {
  return rows.filter(({ spans }) => spans.some(({ kind }) => kind === 'run'));
}

function workers(trace: Trace): string[] {
  const places = new Set(tasks(trace).map(({ where }) => where));
  places.delete(EVENT_LOOP);
  return [...places].toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}
