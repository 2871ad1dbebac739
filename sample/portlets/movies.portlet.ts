import { Injectable } from '@nestjs/common';
import { FuturesService } from 'nestjs-futures';
import type { TopLevelSpec } from 'vega-lite';
import type { Html } from '../page/html.js';
import { charts } from '../tasks/handles.js';
import { card, picture, type Portlet } from './portlet.js';

export const moviesSpec: TopLevelSpec = {
  name: 'movies',
  data: { url: 'movies.json' },
  width: 325,
  height: 230,
  transform: [
    { filter: "isValid(datum['IMDB Rating']) && isValid(datum['Rotten Tomatoes Rating'])" },
  ],
  mark: 'rect',
  encoding: {
    x: {
      field: 'IMDB Rating',
      bin: { maxbins: 40 },
      title: 'IMDb rating',
      axis: { grid: false, values: [2, 4, 6, 8], format: 'd' },
    },
    y: {
      field: 'Rotten Tomatoes Rating',
      bin: { maxbins: 25 },
      title: 'Rotten Tomatoes, %',
      axis: { grid: false, values: [0, 20, 40, 60, 80, 100] },
    },
    color: {
      aggregate: 'count',
      scale: {
        type: 'threshold',
        domain: [2, 4, 6, 9, 12, 16],
        range: Array.from({ length: 7 }, (_, step) => `var(--a${step + 1})`),
      },
      legend: { title: 'Films', orient: 'bottom', direction: 'horizontal', gradientLength: 300 },
    },
  },
};

export function moviesView(svg: string): Html {
  return card(
    {
      title: 'Critics use the whole scale',
      lead: 'Films by what the audience and what the critics thought of them.',
      source: 'movies.json, 3,201 films',
    },
    picture(
      svg,
      'Heat map of IMDb against Rotten Tomatoes ratings: they rise together, critics wider.',
    ),
  );
}

@Injectable()
export class MoviesPortlet implements Portlet {
  constructor(private readonly futures: FuturesService) {}

  render(): Html {
    return moviesView(this.futures.resultOrSubmit('movies', '', charts.renderChart, moviesSpec));
  }
}
