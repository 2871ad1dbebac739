// Writes quakes.atom from the earthquakes of vega-datasets (a USGS snapshot of one week), in the
// shape of the USGS's own Atom feeds: `node sample/data/make-feed.mjs`.
import { readFileSync, writeFileSync } from 'node:fs';

const source = new URL('../data/earthquakes.json', import.meta.resolve('vega-datasets'));
const target = new URL('quakes.atom', import.meta.url);
const least = 2.5;
const day = 86_400_000;

const { metadata, features } = JSON.parse(readFileSync(source, 'utf8'));
const escapeXml = (text) =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
const stamp = (time) => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
const degrees = (value, [positive, negative]) =>
  `${Math.abs(value).toFixed(3)}&deg;${value < 0 ? negative : positive}`;

function age(time) {
  const days = (metadata.generated - time) / day;
  return days < 1 ? 'Past Day' : 'Past Week';
}

function entry({ properties: quake, geometry }) {
  const [longitude, latitude, depth] = geometry.coordinates;
  const utc = stamp(quake.time).replace('T', ' ').replace('Z', ' UTC');
  const place = `${degrees(latitude, 'NS')} ${degrees(longitude, 'EW')}`;
  return `  <entry>
    <id>urn:earthquake-usgs-gov:${quake.net}:${quake.code}</id>
    <title>M ${quake.mag.toFixed(1)} - ${escapeXml(quake.place)}</title>
    <updated>${stamp(quake.updated)}</updated>
    <link rel="alternate" type="text/html" href="${escapeXml(quake.url)}"/>
    <summary type="html"><![CDATA[<dl><dt>Time</dt><dd>${utc}</dd><dt>Location</dt><dd>${place}</dd><dt>Depth</dt><dd>${depth.toFixed(2)} km (${(depth / 1.609344).toFixed(2)} mi)</dd></dl>]]></summary>
    <georss:point>${latitude} ${longitude}</georss:point>
    <georss:elev>${Math.round(-depth * 1000)}</georss:elev>
    <category label="Age" term="${age(quake.time)}"/>
    <category label="Magnitude" term="Magnitude ${Math.floor(quake.mag)}"/>
  </entry>`;
}

const entries = features
  .filter(({ properties }) => properties.type === 'earthquake' && properties.mag >= least)
  .toSorted((a, b) => b.properties.time - a.properties.time);
const self = 'https://earthquake.usgs.gov/earthquakes/feed/v1.0/summary/2.5_week.atom';

writeFileSync(
  target,
  `<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:georss="http://www.georss.org/georss">
  <title>USGS Magnitude ${least}+ Earthquakes, Past Week</title>
  <updated>${stamp(metadata.generated)}</updated>
  <author>
    <name>U.S. Geological Survey</name>
    <uri>https://earthquake.usgs.gov/</uri>
  </author>
  <id>${self}</id>
  <link rel="self" href="${self}"/>
${entries.map(entry).join('\n')}
</feed>
`,
);
