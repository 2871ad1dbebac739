import { Injectable } from '@nestjs/common';
import { FuturesService } from 'nestjs-futures';
import type { TopLevelSpec } from 'vega-lite';
import { html, type Html } from '../page/html.js';
import { charts } from '../tasks/handles.js';
import { card, codeOf, picture, type Portlet } from './portlet.js';

// vega-datasets has no longer had this dataset since version 2, so the task fails with ENOENT.
export const sanFranciscoSpec: TopLevelSpec = {
  name: 'san-francisco',
  data: { url: 'sf-temps.csv' },
  mark: 'line',
  encoding: {
    x: { timeUnit: 'month', field: 'date', title: null },
    y: { aggregate: 'mean', field: 'temp', title: '°C' },
  },
};

const frame = {
  title: 'San Francisco keeps its cool',
  lead: 'Mean temperature of each month.',
  source: 'sf-temps.csv',
};

export function sanFranciscoView(svg: string): Html {
  return card(frame, picture(svg, 'Line of twelve monthly means.'));
}

export function sanFranciscoFailedView(error: unknown): Html {
  return card(
    frame,
    html`<div class="failed">
      <p><b>Not available today</b> (<code>${codeOf(error)}</code>).</p>
      <p>
        The task of this portlet has failed: its dataset is gone. The portlet has caught the error
        where it asked for the value, and the rest of the page is none the worse.
      </p>
    </div>`,
  );
}

@Injectable()
export class SanFranciscoPortlet implements Portlet {
  constructor(private readonly futures: FuturesService) {}

  render(): Html {
    try {
      return sanFranciscoView(
        this.futures.resultOrSubmit('san-francisco', '', charts.renderChart, sanFranciscoSpec),
      );
    } catch (error) {
      // The task's own error, with its name, code and stack from the worker.
      return sanFranciscoFailedView(error);
    }
  }
}
