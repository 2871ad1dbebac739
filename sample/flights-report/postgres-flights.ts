import { Logger, type OnModuleDestroy } from '@nestjs/common';
import { taskSignal } from 'nestjs-futures/task';
import { Pool, type ClientBase } from 'pg';
import { FlightsDatabase } from './flights-database.js';

const TABLE = `create table flights_3m (
  date timestamp not null,
  delay integer not null,
  distance integer not null,
  origin text not null,
  destination text not null
)`;

/** Rows per INSERT: few statements, and a few megabytes of memory. */
const BATCH = 100_000;

/** PostgreSQL, with the flights in a table. */
export class PostgresFlights extends FlightsDatabase implements OnModuleDestroy {
  readonly name = 'PostgreSQL';
  private readonly pool: Pool;

  /** @param url `postgres://user:password@host:port/database` */
  constructor(url: string) {
    super();
    // A worker runs one task at a time.
    this.pool = new Pool({ connectionString: url, max: 1, connectionTimeoutMillis: 5_000 });
    // An idle connection has broken; the next query opens a new one.
    this.pool.on('error', ({ message }) => new Logger('PostgresFlights').warn(message));
  }

  async onModuleDestroy(): Promise<void> {
    await this.pool.end();
  }

  async query<Row>(sql: string): Promise<Row[]> {
    return (await this.pool.query(sql)).rows as Row[];
  }

  async load(): Promise<void> {
    const client = await this.pool.connect();
    try {
      await client.query('begin');
      // If several apps start at once, one loads the flights, and the others wait for it.
      await client.query(`select pg_advisory_xact_lock(hashtext('flights_3m'))`);
      if (!(await isThere(client))) await copyFlights(client);
      await client.query('commit');
      client.release();
    } catch (error) {
      // Closes the connection and so rolls back: either the whole table exists, or none of it.
      client.release(true);
      throw error;
    }
  }
}

async function isThere(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>(
    `select to_regclass('flights_3m') is not null as there`,
  );
  return rows[0]?.there === true;
}

/** DuckDB reads the file and formats each column of a batch as a PostgreSQL array. */
async function copyFlights(client: ClientBase): Promise<void> {
  const { DuckDbFlights } = await import('./duckdb-flights.js');
  const file = new DuckDbFlights();
  await file.onModuleInit();
  try {
    await client.query(TABLE);
    for (let from = 0; ; from += BATCH) {
      taskSignal().throwIfAborted();
      const [batch] = await file.query<Record<string, string | null>>(batchAt(from));
      if (batch === undefined || batch['date'] === null) break;
      await client.query(
        `insert into flights_3m
           select * from unnest($1::timestamp[], $2::integer[], $3::integer[], $4::text[], $5::text[])`,
        Object.values(batch),
      );
    }
    await client.query('analyze flights_3m');
  } finally {
    file.onModuleDestroy();
  }
}

function batchAt(from: number): string {
  const columns = ['date', 'delay', 'distance', 'origin', 'destination'].map(
    (column) =>
      `'{' || string_agg(${column}::varchar, ',' order by file_row_number) || '}' as ${column}`,
  );
  return `
    select ${columns.join(', ')} from flights_3m
    where file_row_number >= ${from} and file_row_number < ${from + BATCH}`;
}
