import { Module } from '@nestjs/common';
import { DelaysService } from './delays.service.js';
import { FlightsDatabase } from './flights-database.js';

/** What the tasks of `flights-report.tasks.ts` inject. */
@Module({
  providers: [
    {
      provide: FlightsDatabase,
      // Each is loaded only where it is used: DuckDB's library has some 70 megabytes.
      useFactory: async (): Promise<FlightsDatabase> => {
        const url = process.env['DATABASE_URL'];
        return url
          ? new (await import('./postgres-flights.js')).PostgresFlights(url)
          : new (await import('./duckdb-flights.js')).DuckDbFlights();
      },
    },
    DelaysService,
  ],
})
export class FlightsReportModule {}
