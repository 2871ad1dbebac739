import { Module } from '@nestjs/common';
import { DelaysService } from './delays.service.js';
import { FlightsDatabase } from './flights-database.js';

/** The providers for the tasks of `flights-report.tasks.ts`. */
@Module({
  providers: [
    {
      provide: FlightsDatabase,
      // Each database is imported only where it is used: DuckDB's library takes about 70 MB.
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
