import { geoCircle, geoEqualEarth, geoGraticule10, geoPath } from 'd3-geo';
import { feature, mesh } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import { readJson } from './datasets.js';
import { placeLabels, type Point } from './label-places.js';
import type { Quake } from './quakes.js';
import type { Swarm } from './swarms.js';

type World = Topology<{ land: GeometryCollection; countries: GeometryCollection }>;

const WIDTH = 960;
const HEIGHT = 468;
const LABELS = 6;
const STRONG = 4.5;
const LABEL_RADIUS = 16;
const KILOMETRES_PER_DEGREE = 111.2;

/** Draws earthquakes and their swarms on a world map, as SVG. */
export function drawQuakeMap(quakes: readonly Quake[], swarms: readonly Swarm[]): string {
  const world = readJson<World>('world-110m.json');
  // Rotated so that the Pacific, with most earthquakes around it, is in one piece.
  const projection = geoEqualEarth().rotate([160, 0]);
  projection.fitSize([WIDTH, HEIGHT], { type: 'Sphere' });
  const draw = geoPath(projection).digits(1);
  const point = ({ place: [longitude, latitude] }: Quake | Swarm) =>
    projection([longitude, latitude])!;

  const reaches = swarms.map(({ place: [longitude, latitude], radius }) =>
    draw(
      geoCircle()
        .precision(15)
        .center([longitude, latitude])
        .radius(radius / KILOMETRES_PER_DEGREE)(),
    ),
  );
  const dots = (name: string, some: readonly Quake[]) =>
    `<g class="${name}">${some.map((quake) => dot(point(quake), quake.magnitude)).join('')}</g>`;

  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}">`,
    path('sea', draw({ type: 'Sphere' })),
    path('graticule', draw(geoGraticule10())),
    path('land', draw(feature(world, world.objects.land))),
    path('borders', draw(mesh(world, world.objects.countries, (a, b) => a !== b))),
    ...reaches.map((d) => path('reach', d)),
    dots(
      'weak',
      quakes.filter(({ magnitude }) => magnitude < STRONG),
    ),
    dots(
      'strong',
      quakes.filter(({ magnitude }) => magnitude >= STRONG),
    ),
    ...labels(swarms.slice(0, LABELS).map(point)),
    '</svg>',
  ].join('');
}

function path(className: string, d: string | null): string {
  return `<path class="${className}" d="${d ?? ''}"/>`;
}

function dot([x, y]: Point, magnitude: number): string {
  const radius = 0.6 + 0.28 * Math.max(0, magnitude) ** 2;
  return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${radius.toFixed(1)}"/>`;
}

function labels(anchors: readonly Point[]): string[] {
  return placeLabels(anchors, { radius: LABEL_RADIUS, width: WIDTH, height: HEIGHT }).map(
    ([x, y], index) => {
      const [fromX, fromY] = anchors[index]!;
      return (
        `<g class="label"><path d="M${fromX.toFixed(1)},${fromY.toFixed(1)}L${x.toFixed(1)},${y.toFixed(1)}"/>` +
        `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${LABEL_RADIUS}"/>` +
        `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" dy=".35em">${index + 1}</text></g>`
      );
    },
  );
}
