/** The label of a point that belongs to no cluster. */
export const NOISE = -1;
const UNSEEN = -2;

/**
 * DBSCAN: finds clusters of any shape and number. A point with at least `least` points (including
 * itself) within `reach` is a core point, and all of these points join its cluster.
 *
 * Returns a label for each point: 0, 1, … in the order in which clusters are found, or `NOISE`.
 */
export function dbscan<P>(
  points: readonly P[],
  distance: (a: P, b: P) => number,
  { reach, least }: { reach: number; least: number },
): number[] {
  const labels = points.map(() => UNSEEN);
  const near = (index: number) => {
    const found: number[] = [];
    const point = points[index]!;
    for (let other = 0; other < points.length; other++)
      if (distance(point, points[other]!) <= reach) found.push(other);
    return found;
  };

  let cluster = 0;
  for (let index = 0; index < points.length; index++) {
    if (labels[index] !== UNSEEN) continue;
    const open = near(index);
    if (open.length < least) {
      labels[index] = NOISE;
      continue;
    }
    labels[index] = cluster;
    while (open.length > 0) {
      const member = open.pop()!;
      const before = labels[member];
      if (before === UNSEEN || before === NOISE) labels[member] = cluster;
      // A noise point is now on the cluster's edge: it has too few neighbours to extend it.
      if (before !== UNSEEN) continue;
      const further = near(member);
      if (further.length >= least) open.push(...further);
    }
    cluster++;
  }
  return labels;
}
