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
  /** As the page shows it. */
  abstract readonly name: string;

  /**
   * Runs a statement that both databases understand. Cast what is counted to `int`: other widths
   * come as bigints from one, as text from the other.
   */
  abstract query<Row>(sql: string): Promise<Row[]>;

  /** Makes `flights_3m` if it is not there. May take a minute: not for a request. */
  abstract load(): Promise<void>;
}
