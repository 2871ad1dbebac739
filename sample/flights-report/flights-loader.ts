import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { WorkerPool } from 'nestjs-futures';
import { flightsReport } from '../tasks/handles.js';

/** In milliseconds. */
const LIMIT = 600_000;

/** With a database server: loads the flights before the first visitor arrives. */
@Injectable()
export class FlightsLoader implements OnApplicationBootstrap {
  private readonly logger = new Logger('FlightsLoader');

  constructor(private readonly pool: WorkerPool) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!process.env['DATABASE_URL']) return;
    this.logger.log('Loading three million flights into flights_3m, unless they are there');
    await this.pool.using({ timeout: LIMIT }).run(flightsReport.loadFlights);
    this.logger.log('The flights are there');
  }
}
