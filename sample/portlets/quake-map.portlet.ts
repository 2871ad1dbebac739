import { Injectable } from '@nestjs/common';
import { FuturesService } from 'nestjs-futures';
import { html, type Html } from '../page/html.js';
import { quakes } from '../tasks/handles.js';
import type { Survey } from '../tasks/quakes.tasks.js';
import { card, picture, type Portlet } from './portlet.js';

export function quakeMapView(survey: Survey | undefined): Html {
  const counts = survey && {
    all: survey.quakes,
    swarms: survey.swarms.length,
    alone: survey.alone,
  };
  return card(
    {
      title: 'A week of earthquakes',
      lead: counts
        ? `${counts.all.toLocaleString('en')} earthquakes: ${counts.swarms} swarms, and ${counts.alone} that belong to none. The large discs are those of magnitude 4.5 and more.`
        : '',
      source: 'earthquakes.json, USGS, 31 January to 7 February 2018; world-110m.json',
      size: 'wide',
    },
    survey
      ? picture(
          survey.map,
          'Map of the earthquakes around the Pacific, the largest swarms numbered.',
          'map',
        )
      : html``,
  );
}

@Injectable()
export class QuakeMapPortlet implements Portlet {
  constructor(private readonly futures: FuturesService) {}

  render(): Html {
    // The swarm list asks for the same key and task. Neither knows of the other; one task runs.
    return quakeMapView(this.futures.resultOrSubmit('quakes', undefined, quakes.surveyQuakes));
  }
}
