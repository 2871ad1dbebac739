import { DuckDBInstance, DuckDBPendingResultState, type DuckDBConnection } from '@duckdb/node-api';
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { taskSignal } from 'nestjs-futures/task';
import { datasetFile } from '../tasks/datasets.js';
import { FlightsDatabase } from './flights-database.js';

/**
 * Embedded DuckDB: an in-memory database in the worker, which reads the Parquet file in place.
 * Nothing is loaded beforehand; a query reads only the columns that it needs.
 */
export class DuckDbFlights extends FlightsDatabase implements OnModuleInit, OnModuleDestroy {
  readonly name = 'DuckDB';
  private instance?: DuckDBInstance;
  private connection?: DuckDBConnection;

  async onModuleInit(): Promise<void> {
    this.instance = await DuckDBInstance.create(':memory:', {
      // By default, each instance (one per worker) would use a thread per core and most of the
      // memory. The workers already are the threads: with 1, DuckDB starts none of its own.
      threads: '1',
      memory_limit: '512MB',
    });
    this.connection = await this.instance.connect();
    const file = datasetFile('flights-3m.parquet').replaceAll("'", "''");
    // PostgreSQL is loaded in batches, which are selected by row number.
    await this.connection.run(
      `create view flights_3m as from read_parquet('${file}', file_row_number = true)`,
    );
  }

  onModuleDestroy(): void {
    this.connection?.closeSync();
    this.instance?.closeSync();
  }

  /**
   * Computes in the calling thread, piece by piece. The usual `run()` would take one of the four
   * threads that all of Node, including the app, shares for files and host names.
   */
  async query<Row>(sql: string): Promise<Row[]> {
    if (this.connection === undefined) throw new Error('The database is not open.');
    const signal = taskSignal();
    const pending = await this.connection.start(sql);
    while (pending.runTask() !== DuckDBPendingResultState.RESULT_READY) {
      // The caller is gone. The next statement drops the rest of this one.
      if (signal.aborted) throw new Error('The query was given up.');
    }
    const result = await pending.getResult();
    return (await result.getRowObjectsJS()) as Row[];
  }

  async load(): Promise<void> {
    // DuckDB reads the file in place, so there is nothing to load.
  }
}
