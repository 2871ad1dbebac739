import { taskContext } from 'nestjs-futures/task';
import { FlightsDatabase } from '../flights-report/flights-database.js';
import { DelaysService, type DelayReport } from '../flights-report/delays.service.js';

// One application context a worker, made when a task first asks for it: its database is opened
// once, and closed when the worker ends.
const context = taskContext(
  async () => (await import('../flights-report/flights-report.module.js')).FlightsReportModule,
);

/** Where and when flights are late: three million of them, in a database. */
export async function reportDelays(): Promise<DelayReport> {
  return (await context.get(DelaysService)).report();
}

/** Loads the flights into a database that lacks them. */
export async function loadFlights(): Promise<void> {
  await (await context.get(FlightsDatabase)).load();
}
