/** The label of a point that belongs to no cluster. */
export const NOISE = -1;
const UNSEEN = -2;

/**
 * DBSCAN: clusters of any shape and number. A point with at least `least` points (itself included)
 * within `reach` is the core of a cluster and passes its membership on to all of them.
 *
 * Returns a label for each point: 0, 1, … in the order in which the clusters are met, or `NOISE`.
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
      // What was noise is the cluster's edge: it has too few neighbours to pass anything on.
      if (before !== UNSEEN) continue;
      const further = near(member);
      if (further.length >= least) open.push(...further);
    }
    cluster++;
  }
  return labels;
}
