import { taskContext } from 'nestjs-futures/task';
import { FlightsDatabase } from '../flights-report/flights-database.js';
import { DelaysService, type DelayReport } from '../flights-report/delays.service.js';

// One application context per worker, created when a task first asks for it: its database is opened
// once, and closed when the worker exits.
const context = taskContext(
  async () => (await import('../flights-report/flights-report.module.js')).FlightsReportModule,
);

/** Where and when flights are late, computed from three million flights in a database. */
export async function reportDelays(): Promise<DelayReport> {
  return (await context.get(DelaysService)).report();
}

/** Loads the flights into the database if they are missing. */
export async function loadFlights(): Promise<void> {
  await (await context.get(FlightsDatabase)).load();
}
