import { randomUUID } from 'node:crypto';
import { Client, type ClientConfig, type QueryResultRow } from 'pg';
import { probe } from './services.js';

const { env } = process;

/** Where the server is: the standard variables, or a local one that trusts. */
const server = {
  host: env.PGHOST ?? '127.0.0.1',
  port: Number(env.PGPORT ?? 5432),
  user: env.PGUSER ?? 'postgres',
  password: env.PGPASSWORD,
  database: env.PGDATABASE ?? 'postgres',
  connectionTimeoutMillis: 5_000,
};

export const postgres = await probe('PostgreSQL', () => onServer('select 1'));

/** What a pool or an ORM needs to connect to a database of the suite's own. */
export type DatabaseAddress = Omit<typeof server, 'connectionTimeoutMillis'>;

/** Creates a database with an empty table `visits (note text)`. */
export async function createDatabase(): Promise<DatabaseAddress> {
  const { connectionTimeoutMillis: _, ...address } = server;
  const database = `nestjs_futures_${randomUUID().replaceAll('-', '')}`;
  await onServer(`create database ${database}`);
  await query({ ...address, database }, 'create table visits (note text not null)');
  return { ...address, database };
}

export async function dropDatabase({ database }: DatabaseAddress): Promise<void> {
  await onServer(`drop database if exists ${database} with (force)`);
}

/** The notes that are committed, as seen by a connection of its own. */
export async function visits(address: DatabaseAddress): Promise<string[]> {
  const rows = await query<{ note: string }>(address, 'select note from visits order by ctid');
  return rows.map(({ note }) => note);
}

export async function forgetVisits(address: DatabaseAddress): Promise<void> {
  await query(address, 'truncate visits');
}

function onServer(sql: string): Promise<unknown> {
  return query(server, sql);
}

async function query<Row extends QueryResultRow>(
  config: ClientConfig,
  sql: string,
): Promise<Row[]> {
  const client = new Client(config);
  await client.connect();
  try {
    const { rows } = await client.query<Row>(sql);
    return rows;
  } finally {
    await client.end();
  }
}
