import { Injectable } from '@nestjs/common';
import { FuturesService } from 'nestjs-futures';
import type { TopLevelSpec } from 'vega-lite';
import type { Html } from '../page/html.js';
import { charts } from '../tasks/handles.js';
import { card, picture, type Portlet } from './portlet.js';

export const weatherSpec: TopLevelSpec = {
  name: 'weather',
  data: { url: 'seattle-weather.csv' },
  width: 345,
  height: 230,
  mark: 'rect',
  encoding: {
    x: {
      timeUnit: 'date',
      field: 'date',
      type: 'ordinal',
      title: null,
      axis: {
        format: '%-d',
        labelAngle: 0,
        ticks: false,
        domain: false,
        values: [1, 5, 10, 15, 20, 25, 30],
      },
    },
    y: {
      timeUnit: 'month',
      field: 'date',
      type: 'ordinal',
      title: null,
      axis: { format: '%b', ticks: false, domain: false },
    },
    color: {
      aggregate: 'mean',
      field: 'temp_max',
      scale: {
        type: 'threshold',
        domain: [5, 8, 11, 14, 17, 20, 23, 26],
        range: Array.from({ length: 9 }, (_, step) => `var(--w${step + 1})`),
      },
      legend: { title: '°C', orient: 'bottom', direction: 'horizontal', gradientLength: 300 },
    },
  },
};

export function weatherView(svg: string): Html {
  return card(
    {
      title: 'Four years of Seattle',
      lead: 'Mean daily high of each day of the year, 2012 to 2015.',
      source: 'seattle-weather.csv, NOAA',
    },
    picture(
      svg,
      'Heat map of days by month: cold from November to March, hottest in July and August.',
    ),
  );
}

@Injectable()
export class WeatherPortlet implements Portlet {
  constructor(private readonly futures: FuturesService) {}

  render(): Html {
    return weatherView(this.futures.resultOrSubmit('weather', '', charts.renderChart, weatherSpec));
  }
}
