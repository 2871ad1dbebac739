import { Injectable } from '@nestjs/common';
import { FuturesService } from 'nestjs-futures';
import type { TopLevelSpec } from 'vega-lite';
import type { Html } from '../page/html.js';
import { charts } from '../tasks/handles.js';
import { card, picture, type Portlet } from './portlet.js';

export const co2Spec: TopLevelSpec = {
  name: 'co2',
  data: { url: 'co2-concentration.csv', format: { parse: { Date: "utc:'%Y-%m-%d'" } } },
  transform: [
    { calculate: 'utcyear(datum.Date)', as: 'year' },
    { calculate: 'floor(datum.year / 10) * 10', as: 'decade' },
    { calculate: 'datum.year % 10 + utcmonth(datum.Date) / 12', as: 'at' },
  ],
  width: 322,
  height: 258,
  encoding: {
    x: {
      field: 'at',
      type: 'quantitative',
      title: 'Year of the decade',
      scale: { domain: [0, 10.6], nice: false },
      axis: { values: [0, 2, 4, 6, 8, 10], grid: false },
    },
    y: {
      field: 'CO2',
      type: 'quantitative',
      title: 'CO₂, parts per million',
      scale: { zero: false },
    },
    color: {
      field: 'decade',
      type: 'ordinal',
      scale: { range: Array.from({ length: 8 }, (_, step) => `var(--w${step + 2})`) },
      legend: null,
    },
  },
  layer: [
    { mark: { type: 'line', strokeWidth: 1.6 } },
    {
      transform: [
        {
          aggregate: [{ op: 'argmax', field: 'Date', as: 'last' }],
          groupby: ['decade'],
        },
        { calculate: 'datum.last.at', as: 'at' },
        { calculate: 'datum.last.CO2', as: 'CO2' },
      ],
      mark: { type: 'text', align: 'left', dx: 4, fontSize: 10 },
      encoding: { text: { field: 'last.year' }, color: { value: 'currentColor' } },
    },
  ],
};

export function co2View(svg: string): Html {
  return card(
    {
      title: 'The air of Mauna Loa',
      lead: 'A line for each decade since 1958. The saw teeth are the seasons, the distance is us.',
      source: 'co2-concentration.csv, Scripps Institution of Oceanography',
    },
    picture(svg, 'Eight lines, one a decade, each higher and steeper than the one before.'),
  );
}

@Injectable()
export class Co2Portlet implements Portlet {
  constructor(private readonly futures: FuturesService) {}

  render(): Html {
    return co2View(this.futures.resultOrSubmit('co2', '', charts.renderChart, co2Spec));
  }
}
