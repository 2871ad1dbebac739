import { Injectable } from '@nestjs/common';
import { FlightsDatabase } from './flights-database.js';

/** How late flights are. Delays are in minutes. */
export interface DelayReport {
  /** The name of the database that computed the report. */
  database: string;
  flights: number;
  /** Number of these flights that were more than 15 minutes late. */
  late: number;
  /** The hours of departure that `airports` covers. */
  hours: number[];
  /** The busiest airports, ordered by their share of late flights. */
  airports: AirportDelays[];
  /** The routes with the largest share of late flights, among those with 1000 flights or more. */
  routes: RouteDelays[];
}

export interface AirportDelays {
  code: string;
  flights: number;
  late: number;
  /** One flight in ten is later than this. Hours with hardly any flights are left out. */
  worstTenth: { hour: number; minutes: number }[];
}

export interface RouteDelays {
  origin: string;
  destination: string;
  flights: number;
  late: number;
  /** The delays that 10, 25, 50, 75 and 90 of 100 flights do not exceed. */
  quantiles: [number, number, number, number, number];
}

/** In the hours before, hardly any flight leaves, unless it is late. */
const FIRST_HOUR = 6;
const HOURS = 17;

const AIRPORTS = 15;
const ROUTES = 14;

/** Minimum number of flights for meaningful figures of an hour, and of a route. */
const ENOUGH_AN_HOUR = 100;
const ENOUGH_A_ROUTE = 1000;

const LATE = 'count(*) filter (where delay > 15)';
const SHARE = `${LATE}::double precision / count(*)`;

@Injectable()
export class DelaysService {
  constructor(private readonly database: FlightsDatabase) {}

  async report(): Promise<DelayReport> {
    const [total] = await this.database.query<{ flights: number; late: number }>(
      `select count(*)::int as flights, ${LATE}::int as late from flights_3m`,
    );
    const hours = Array.from({ length: HOURS }, (_, n) => FIRST_HOUR + n);
    return {
      database: this.database.name,
      flights: total?.flights ?? 0,
      late: total?.late ?? 0,
      hours,
      airports: await this.airports(hours),
      routes: await this.routes(),
    };
  }

  private async airports(hours: readonly number[]): Promise<AirportDelays[]> {
    const rows = await this.database.query<AirportHour>(`
      with busiest as (
        select origin, count(*)::int as flights, ${LATE}::int as late, ${SHARE} as share
        from flights_3m group by origin order by flights desc, origin limit ${AIRPORTS}
      ), by_hour as (
        select origin, extract(hour from date)::int as hour,
          percentile_disc(0.9) within group (order by delay)::int as worst_tenth
        from flights_3m
        where origin in (select origin from busiest)
          and extract(hour from date)::int between ${hours[0]} and ${hours.at(-1)}
        group by origin, extract(hour from date)::int having count(*) >= ${ENOUGH_AN_HOUR}
      )
      select origin, flights, late, hour, worst_tenth
      from busiest join by_hour using (origin) order by share desc, origin, hour`);

    const airports = new Map<string, AirportDelays>();
    for (const { origin: code, flights, late, hour, worst_tenth } of rows) {
      const airport = airports.get(code) ?? { code, flights, late, worstTenth: [] };
      airport.worstTenth.push({ hour, minutes: worst_tenth });
      airports.set(code, airport);
    }
    return [...airports.values()];
  }

  /** Quantiles need a sort, so they are computed only for the routes that the counts select. */
  private routes(): Promise<RouteDelays[]> {
    const worst = `
      select origin, destination, count(*)::int as flights, ${LATE}::int as late, ${SHARE} as share
      from flights_3m group by origin, destination having count(*) >= ${ENOUGH_A_ROUTE}
      order by share desc, origin, destination limit ${ROUTES}`;
    return this.database.query<RouteDelays>(`
      select origin, destination, flights, late,
        percentile_disc(array[0.1, 0.25, 0.5, 0.75, 0.9])
          within group (order by delay)::int[] as quantiles
      from flights_3m join (${worst}) as worst using (origin, destination)
      group by origin, destination, flights, late, share
      order by share desc, origin, destination`);
  }
}

interface AirportHour {
  origin: string;
  flights: number;
  late: number;
  hour: number;
  worst_tenth: number;
}
