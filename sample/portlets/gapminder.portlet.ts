import { Injectable } from '@nestjs/common';
import { FuturesService } from 'nestjs-futures';
import type { TopLevelSpec } from 'vega-lite';
import type { Html } from '../page/html.js';
import { charts } from '../tasks/handles.js';
import { card, picture, type Portlet } from './portlet.js';

const regions = [
  'South Asia',
  'Europe, Central Asia',
  'Sub-Saharan Africa',
  'America',
  'East Asia, Pacific',
  'Middle East, N. Africa',
];

export const gapminderSpec: TopLevelSpec = {
  name: 'gapminder',
  data: { url: 'gapminder.json' },
  transform: [{ calculate: `${JSON.stringify(regions)}[datum.cluster]`, as: 'region' }],
  width: 335,
  height: 216,
  encoding: {
    x: {
      field: 'fertility',
      type: 'quantitative',
      title: 'Children per woman',
      scale: { domain: [0.8, 8.6], nice: false },
    },
    y: {
      field: 'life_expect',
      type: 'quantitative',
      title: 'Life expectancy, years',
      scale: { domain: [20, 85], nice: false },
    },
    color: {
      field: 'region',
      type: 'nominal',
      scale: { domain: regions },
      legend: {
        title: null,
        orient: 'bottom',
        columns: 2,
        labelLimit: 300,
        columnPadding: 4,
        symbolType: 'circle',
        symbolOpacity: 1,
      },
    },
  },
  layer: [
    {
      mark: { type: 'line', strokeWidth: 1, opacity: 0.45 },
      encoding: {
        detail: { field: 'country' },
        order: { field: 'year', type: 'quantitative' },
      },
    },
    {
      transform: [{ filter: 'datum.year === 2005' }],
      mark: { type: 'circle', opacity: 0.85, stroke: 'var(--card)', strokeWidth: 0.8 },
      encoding: {
        size: {
          field: 'pop',
          type: 'quantitative',
          scale: { range: [18, 600] },
          legend: null,
        },
      },
    },
  ],
};

export function gapminderView(svg: string): Html {
  return card(
    {
      title: 'Fewer children, longer lives',
      lead: 'The way of 62 countries from 1955 to 2005, which ends in a disc as large as its people are many.',
      source: 'gapminder.json, Gapminder, CC BY 4.0',
    },
    picture(
      svg,
      'Paths of countries, from many children and short lives to few children and long lives.',
    ),
  );
}

@Injectable()
export class GapminderPortlet implements Portlet {
  constructor(private readonly futures: FuturesService) {}

  render(): Html {
    return gapminderView(
      this.futures.resultOrSubmit('gapminder', '', charts.renderChart, gapminderSpec),
    );
  }
}
