import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { WorkerPool } from 'nestjs-futures';
import { flightsReport } from '../tasks/handles.js';

/** Milliseconds. */
const LIMIT = 600_000;

/** With a server for a database: sees to it that the flights are there before the first visitor is. */
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
