import { Injectable } from '@nestjs/common';

export type Way = 'futures' | 'inline';

/** Remembers how long the page last took either way: each page also shows the other's time. */
@Injectable()
export class LatestRuns {
  private readonly totals = new Map<Way, number>();

  record(way: Way, total: number): void {
    this.totals.set(way, total);
  }

  /** In milliseconds; `undefined` if the page hasn't been computed that way yet. */
  total(way: Way): number | undefined {
    return this.totals.get(way);
  }
}
