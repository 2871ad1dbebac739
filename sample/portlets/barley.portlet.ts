import { Injectable } from '@nestjs/common';
import { FuturesService } from 'nestjs-futures';
import type { TopLevelSpec } from 'vega-lite';
import type { Html } from '../page/html.js';
import { charts } from '../tasks/handles.js';
import { card, picture, type Portlet } from './portlet.js';

export const barleySpec: TopLevelSpec = {
  name: 'barley',
  data: { url: 'barley.json' },
  facet: {
    field: 'site',
    type: 'nominal',
    title: null,
    sort: ['Waseca', 'Crookston', 'University Farm', 'Duluth', 'Grand Rapids', 'Morris'],
  },
  columns: 3,
  spacing: { row: 14, column: 10 },
  spec: {
    width: 72,
    height: 112,
    mark: { type: 'point', filled: true, size: 34, opacity: 0.9 },
    encoding: {
      x: {
        field: 'yield',
        type: 'quantitative',
        scale: { zero: false },
        title: null,
        axis: { values: [20, 40, 60] },
      },
      y: {
        field: 'variety',
        type: 'nominal',
        sort: '-x',
        title: null,
        axis: { grid: true, labelFontSize: 10, ticks: false, domain: false },
      },
      color: {
        field: 'year',
        type: 'nominal',
        legend: { title: null, orient: 'bottom' },
      },
    },
  },
};

export function barleyView(svg: string): Html {
  return card(
    {
      title: 'Did Morris swap its years?',
      lead: 'Barley in bushels per acre, ten varieties at six sites. All but one had the better year in 1931.',
      source: 'barley.json, Immer, Hayes and Powers 1934',
    },
    picture(svg, 'Dot plots of yields at six sites. Only at Morris is 1932 ahead of 1931.'),
  );
}

@Injectable()
export class BarleyPortlet implements Portlet {
  constructor(private readonly futures: FuturesService) {}

  render(): Html {
    return barleyView(this.futures.resultOrSubmit('barley', '', charts.renderChart, barleySpec));
  }
}
