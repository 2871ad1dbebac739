import { dbscan, NOISE } from './dbscan.js';
import type { Quake } from './quakes.js';
import { distance, type Place } from './sphere.js';

/** A group of earthquakes close to each other, identified by its strongest one. */
export interface Swarm {
  where: string;
  place: Place;
  quakes: number;
  strongest: number;
  /** Kilometres from the strongest earthquake to the farthest one. */
  radius: number;
}

/** Finds the swarms among earthquakes, largest first, and counts earthquakes without a swarm. */
export function findSwarms(quakes: readonly Quake[]): { swarms: Swarm[]; alone: number } {
  const labels = dbscan(quakes, (a, b) => distance(a.place, b.place), { reach: 50, least: 8 });
  const groups: Quake[][] = [];
  let alone = 0;
  quakes.forEach((quake, index) => {
    const label = labels[index]!;
    if (label === NOISE) alone++;
    else (groups[label] ??= []).push(quake);
  });
  return { swarms: groups.map(describe).toSorted((a, b) => b.quakes - a.quakes), alone };
}

function describe(quakes: readonly Quake[]): Swarm {
  const strongest = quakes.reduce((a, b) => (b.magnitude > a.magnitude ? b : a));
  return {
    where: strongest.where,
    place: strongest.place,
    quakes: quakes.length,
    strongest: strongest.magnitude,
    radius: Math.ceil(Math.max(...quakes.map(({ place }) => distance(place, strongest.place)))),
  };
}
