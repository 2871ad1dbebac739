export type Point = readonly [x: number, y: number];

/**
 * Finds a place for a round label beside each anchor, in the order of the anchors. No two labels
 * overlap, and none leaves the picture or hides another anchor.
 */
export function placeLabels(
  anchors: readonly Point[],
  { radius, width, height }: { radius: number; width: number; height: number },
): Point[] {
  const placed: Point[] = [];
  for (const anchor of anchors) {
    const free = candidates(anchor, radius).find(
      (place) =>
        inside(place, radius, width, height) &&
        placed.every((other) => apart(place, other) > 2 * radius + 3) &&
        anchors.every((other) => apart(place, other) > radius + 6),
    );
    placed.push(free ?? anchor);
  }
  return placed;
}

/** Places in rings around the anchor, from near to far; each ring begins in the upper right. */
function candidates([x, y]: Point, radius: number): Point[] {
  return [2, 3, 4, 5, 6, 7].flatMap((ring) =>
    Array.from({ length: 16 }, (_, step): Point => {
      const angle = -Math.PI / 4 + (step * Math.PI) / 8;
      return [x + ring * radius * Math.cos(angle), y + ring * radius * Math.sin(angle)];
    }),
  );
}

function inside([x, y]: Point, radius: number, width: number, height: number): boolean {
  return x > radius && x < width - radius && y > radius && y < height - radius;
}

function apart(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}
