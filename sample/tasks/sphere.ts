/** Longitude and latitude in degrees. */
export type Place = readonly [longitude: number, latitude: number];

const EARTH_RADIUS = 6371;
const RADIANS = Math.PI / 180;

/** The great-circle distance of two places, in kilometres, by the haversine formula. */
export function distance([lon1, lat1]: Place, [lon2, lat2]: Place): number {
  const north = Math.sin(((lat2 - lat1) * RADIANS) / 2);
  const east = Math.sin(((lon2 - lon1) * RADIANS) / 2);
  const h = north * north + Math.cos(lat1 * RADIANS) * Math.cos(lat2 * RADIANS) * east * east;
  return 2 * EARTH_RADIUS * Math.asin(Math.min(1, Math.sqrt(h)));
}
