import { Injectable } from '@nestjs/common';

export type Way = 'futures' | 'inline';

/** Remembers how long the page took last, either way: each page shows the other's time too. */
@Injectable()
export class LatestRuns {
  private readonly totals = new Map<Way, number>();

  record(way: Way, total: number): void {
    this.totals.set(way, total);
  }

  /** Milliseconds; `undefined` if it has not been computed that way yet. */
  total(way: Way): number | undefined {
    return this.totals.get(way);
  }
}
