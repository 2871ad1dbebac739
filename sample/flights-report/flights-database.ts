/**
 * A database with the relation `flights_3m`: flights-3m.parquet of vega-datasets, three million
 * flights of the first half of 2001.
 *
 * | column                  |                                             |
 * | ----------------------- | ------------------------------------------- |
 * | `date`                  | departure, local time                       |
 * | `delay`                 | of the arrival, minutes; negative if early  |
 * | `distance`              | miles                                       |
 * | `origin`, `destination` | codes of airports                           |
 */
export abstract class FlightsDatabase {
  /** The name that the page shows. */
  abstract readonly name: string;

  /**
   * Runs a statement that both databases understand. Cast counts to `int`: wider integers arrive as
   * bigints from one database and as text from the other.
   */
  abstract query<Row>(sql: string): Promise<Row[]>;

  /** Creates `flights_3m` if it is missing. May take a minute, so not for use in a request. */
  abstract load(): Promise<void>;
}
