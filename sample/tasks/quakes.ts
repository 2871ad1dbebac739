import { readJson } from './datasets.js';
import type { Place } from './sphere.js';

/** One earthquake. `time` in milliseconds since 1970, `depth` in kilometres. */
export interface Quake {
  magnitude: number;
  where: string;
  time: number;
  depth: number;
  place: Place;
}

interface Feature {
  properties: { mag: number; place: string; time: number; type: string };
  geometry: { coordinates: [longitude: number, latitude: number, depth: number] };
}

/** The week's earthquakes from USGS, without explosions and quarry blasts. */
export function readQuakes(): Quake[] {
  const { features } = readJson<{ features: Feature[] }>('earthquakes.json');
  return features
    .filter(({ properties }) => properties.type === 'earthquake')
    .map(({ properties, geometry: { coordinates } }) => ({
      magnitude: properties.mag,
      where: properties.place,
      time: properties.time,
      depth: coordinates[2],
      place: [coordinates[0], coordinates[1]] as const,
    }));
}
