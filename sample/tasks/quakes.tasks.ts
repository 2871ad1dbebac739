import { drawQuakeMap } from './quake-map.js';
import { readQuakes } from './quakes.js';
import { profile, type RegionProfile } from './region-profile.js';
import { distance, type Place } from './sphere.js';
import { findSwarms, type Swarm } from './swarms.js';

/** The findings about the week's earthquakes. */
export interface Survey {
  quakes: number;
  /** Number of earthquakes that belong to no swarm. */
  alone: number;
  swarms: Swarm[];
  /** SVG. The first swarms carry their number, counted from 1. */
  map: string;
}

/** Finds the swarms among the week's earthquakes, largest first, and maps them. */
export function surveyQuakes(): Survey {
  const quakes = readQuakes();
  const { swarms, alone } = findSwarms(quakes);
  return { quakes: quakes.length, alone, swarms, map: drawQuakeMap(quakes, swarms) };
}

/** The swarms among the week's earthquakes of at least this magnitude, largest first. */
export function listSwarms(leastMagnitude: number): Swarm[] {
  return findSwarms(readQuakes().filter(({ magnitude }) => magnitude >= leastMagnitude)).swarms;
}

/** Profiles the earthquakes within `kilometres` of a place. */
export function profileRegion(place: Place, kilometres: number): RegionProfile {
  return profile(readQuakes().filter((quake) => distance(quake.place, place) <= kilometres));
}
