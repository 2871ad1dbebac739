import { BadRequestException, Controller, Get, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { Future } from 'nestjs-futures';
import type { Feed } from '../tasks/feed.tasks.js';
import type { FlightSummary } from '../tasks/flights.tasks.js';
import { feed, flights, quakes } from '../tasks/handles.js';
import type { Swarm } from '../tasks/swarms.js';

/**
 * Declared parameters: the three values are computed at the same time, then the handler runs once.
 * No pass is discarded, so this also works for a POST.
 */
@Controller('api/summary')
export class SummaryController {
  @Get()
  summary(
    @Future('swarms', { task: quakes.listSwarms, args: (ctx) => [leastMagnitude(ctx)] })
    swarms: Swarm[],
    @Future('flights', { task: flights.summarizeFlights })
    { byHour, ...all }: FlightSummary,
    @Future('feed', { task: feed.parseFeed, args: () => ['quakes.atom'] })
    { title, updated, entries }: Feed,
  ) {
    return {
      swarms: swarms.map(({ where, quakes: count, strongest }) => ({
        where,
        quakes: count,
        strongest,
      })),
      flights: { ...all, worst: byHour.reduce((a, b) => (b.late > a.late ? b : a)) },
      feed: { title, updated, entries: entries.length, latest: entries[0]?.title },
    };
  }
}

/** The magnitude in the query; 1 if there is none. */
function leastMagnitude(ctx: ExecutionContext): number {
  const { magnitude = '1' } = ctx.switchToHttp().getRequest<Request>().query;
  const value = Number(magnitude);
  if (!Number.isFinite(value)) throw new BadRequestException('magnitude must be a number');
  return value;
}
