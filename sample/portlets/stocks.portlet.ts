import { Injectable } from '@nestjs/common';
import { FuturesService } from 'nestjs-futures';
import type { TopLevelSpec } from 'vega-lite';
import type { Html } from '../page/html.js';
import { charts } from '../tasks/handles.js';
import { card, picture, type Portlet } from './portlet.js';

export const stocksSpec: TopLevelSpec = {
  name: 'stocks',
  data: { url: 'stocks.csv', format: { parse: { date: "date:'%b %d %Y'", price: 'number' } } },
  padding: { left: 2, top: 2, right: 10, bottom: 2 },
  width: 290,
  height: 262,
  encoding: {
    x: { field: 'date', type: 'temporal', title: null, axis: { format: '%Y', tickCount: 6 } },
    y: {
      field: 'price',
      type: 'quantitative',
      scale: { type: 'log', domain: [5, 800], nice: false },
      axis: { values: [5, 10, 20, 50, 100, 200, 500], title: 'US dollars, logarithmic' },
    },
    color: { field: 'symbol', type: 'nominal', legend: null },
  },
  layer: [
    { mark: { type: 'line', strokeWidth: 1.8, strokeJoin: 'round' } },
    {
      transform: [
        { aggregate: [{ op: 'argmax', field: 'date', as: 'last' }], groupby: ['symbol'] },
        { calculate: 'datum.last.date', as: 'date' },
        // IBM and Amazon end too close to each other for their labels.
        { calculate: "datum.last.price * (datum.symbol === 'IBM' ? 0.8 : 1.05)", as: 'at' },
      ],
      mark: { type: 'text', align: 'left', dx: 5, fontWeight: 'bold' },
      encoding: { text: { field: 'symbol' }, y: { field: 'at', type: 'quantitative' } },
    },
  ],
};

export function stocksView(svg: string): Html {
  return card(
    {
      title: 'Ten years, five stocks',
      lead: 'Monthly prices from 2000 to March 2010. Equal steps upwards are equal factors.',
      source: 'stocks.csv',
    },
    picture(
      svg,
      'Lines of five share prices: Google and Apple rise, Microsoft ends below its start.',
    ),
  );
}

@Injectable()
export class StocksPortlet implements Portlet {
  constructor(private readonly futures: FuturesService) {}

  render(): Html {
    return stocksView(this.futures.resultOrSubmit('stocks', '', charts.renderChart, stocksSpec));
  }
}
