import { DuckDBInstance, DuckDBPendingResultState, type DuckDBConnection } from '@duckdb/node-api';
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { taskSignal } from 'nestjs-futures/task';
import { datasetFile } from '../tasks/datasets.js';
import { FlightsDatabase } from './flights-database.js';

/**
 * DuckDB, embedded: a database in the memory of its worker, which reads the Parquet file where it
 * lies. Nothing is loaded beforehand; a query reads the columns that it needs.
 */
export class DuckDbFlights extends FlightsDatabase implements OnModuleInit, OnModuleDestroy {
  readonly name = 'DuckDB';
  private instance?: DuckDBInstance;
  private connection?: DuckDBConnection;

  async onModuleInit(): Promise<void> {
    this.instance = await DuckDBInstance.create(':memory:', {
      // By default each instance, and there is one a worker, would take a thread for each core and
      // most of the memory. The workers are the threads: with 1, DuckDB starts none of its own.
      threads: '1',
      memory_limit: '512MB',
    });
    this.connection = await this.instance.connect();
    const file = datasetFile('flights-3m.parquet').replaceAll("'", "''");
    // The number of a row is what PostgreSQL is loaded by, batch after batch.
    await this.connection.run(
      `create view flights_3m as from read_parquet('${file}', file_row_number = true)`,
    );
  }

  onModuleDestroy(): void {
    this.connection?.closeSync();
    this.instance?.closeSync();
  }

  /**
   * Computes in the thread that asks, piece by piece. The usual `run()` would compute on one of the
   * four threads that all of Node shares for files and names of hosts, the app's own included.
   */
  async query<Row>(sql: string): Promise<Row[]> {
    if (this.connection === undefined) throw new Error('The database is not open.');
    const signal = taskSignal();
    const pending = await this.connection.start(sql);
    while (pending.runTask() !== DuckDBPendingResultState.RESULT_READY) {
      // Whoever asked has gone. The next statement drops what is left of this one.
      if (signal.aborted) throw new Error('The query was given up.');
    }
    const result = await pending.getResult();
    return (await result.getRowObjectsJS()) as Row[];
  }

  async load(): Promise<void> {
    // The file is all there is to load.
  }
}
