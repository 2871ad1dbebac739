import { availableParallelism } from 'node:os';
import { DelaysService } from '../../sample/flights-report/delays.service.js';
import { DuckDbFlights } from '../../sample/flights-report/duckdb-flights.js';
import { PostgresFlights } from '../../sample/flights-report/postgres-flights.js';
import { taskFile, type Executor } from '../../src/index.js';
import { ProcessExecutor } from '../../src/executors/process.executor.js';
import { ThreadExecutor } from '../../src/executors/thread.executor.js';
import { resolveOptions } from '../../src/request/futures.options.js';
import { currentTask } from '../../src/worker/current-task.js';
import { call, run } from '../support/executors.js';
import { request } from '../support/app.js';
import {
  createDatabase,
  dropDatabase,
  postgres,
  type DatabaseAddress,
} from '../support/postgres.js';
import { compileSample, mainOf, startSample, stopSample, type Sample } from '../support/sample.js';
import { describeWith } from '../support/services.js';

beforeAll(compileSample, 120_000);

describe('the sample', () => {
  let sample: Sample;
  let url: string;

  beforeAll(async () => {
    sample = await startSample();
    ({ url } = sample);
  }, 60_000);

  afterAll(async () => stopSample(sample), 30_000);

  it('serves the same page as the event loop computes, without computing it there', async () => {
    const page = await request(`${url}/`);
    const inline = await request(`${url}/inline`);
    expect([page.status, inline.status]).toEqual([200, 200]);
    expect(mainOf(page.text)).toBe(mainOf(inline.text));
    // The map and six charts.
    expect(mainOf(page.text).match(/<svg/g)).toHaveLength(7);
    expect(mainOf(page.text)).toContain('Of 3,000,000 flights');
  }, 60_000);

  it('computes its portlets in one discarded pass, on several threads', async () => {
    const { headers } = await request(`${url}/`);
    const timing = headers.get('server-timing') ?? '';
    expect(timing.match(/\bpass\d/g)).toEqual(['pass1']);
    expect(timing.match(/\bfuture;/g)).toHaveLength(12);
    const threads = new Set(timing.match(/thread \d+/g));
    expect(threads.size).toBeGreaterThanOrEqual(Math.min(2, availableParallelism()));
  }, 60_000);

  it('renders a template whose helpers ask for futures', async () => {
    const { status, text } = await request(`${url}/brief`);
    expect(status).toBe(200);
    expect(mainOf(text).match(/<svg/g)).toHaveLength(3);
  }, 60_000);

  it('answers with declared futures, a chain, and errors of tasks', async () => {
    expect(await request(`${url}/api/summary`)).toMatchObject({ status: 200 });
    expect(await request(`${url}/api/chain`)).toMatchObject({ status: 200, body: { passes: 3 } });
    expect(await request(`${url}/api/fails`)).toMatchObject({ status: 404 });
    expect(await request(`${url}/api/fails/plain`)).toMatchObject({ status: 500 });
    expect(await request(`${url}/ping`)).toMatchObject({ status: 200 });
  }, 60_000);
});

const kinds: Record<string, (options: object) => Executor> = {
  threads: (options) => new ThreadExecutor({ ...resolveOptions().threads, ...options }),
  processes: (options) => new ProcessExecutor({ ...resolveOptions().processes, ...options }),
};

describe.each(Object.entries(kinds))('the database of a worker, in %s', (_kind, create) => {
  it('returns the same report in each worker', async () => {
    const tasks = taskFile<typeof import('../../sample/tasks/flights-report.tasks.js')>(
      new URL('../../sample/dist/tasks/flights-report.tasks.js', import.meta.url),
    );
    const executor = create({ max: 2, maxTasksPerWorker: 1 });
    const calls = Array.from({ length: 4 }, () => call(tasks.reportDelays, []));
    const reports = await run(executor, ...calls);
    await executor.close({ timeout: 5_000 });
    expect(reports[0]).toMatchObject({ database: 'DuckDB', flights: 3_000_000 });
    expect(new Set(reports.map((report) => JSON.stringify(report))).size).toBe(1);
  }, 60_000);
});

describe('a query of the embedded database', () => {
  const sql = 'select count(distinct origin)::int as airports from flights_3m';
  let flights: DuckDbFlights;

  beforeEach(async () => {
    flights = new DuckDbFlights();
    await flights.onModuleInit();
  });

  afterEach(() => {
    beginTask(() => false);
    flights.onModuleDestroy();
  });

  it('stops midway when its task is aborted, and the next query is answered', async () => {
    let asked = 0;
    beginTask(() => ++asked > 5);
    await expect(flights.query(sql)).rejects.toThrow('given up');
    expect(asked).toBe(6);
    beginTask(() => false);
    expect(await flights.query(sql)).toEqual([{ airports: 229 }]);
  });

  it('runs in the calling thread, whose event loop is blocked meanwhile', async () => {
    let turned = false;
    const pieces: boolean[] = [];
    beginTask(() => {
      if (pieces.length === 0) setImmediate(() => (turned = true));
      pieces.push(turned);
      return false;
    });
    await flights.query(sql);
    expect(pieces.length).toBeGreaterThan(5);
    expect(pieces).not.toContain(true);
  });
});

describeWith(postgres, 'the sample with DATABASE_URL', () => {
  let address: DatabaseAddress;
  let url: string;

  beforeAll(async () => {
    address = await createDatabase();
    const { user, password, host, port, database } = address;
    const account = password === undefined ? user : `${user}:${encodeURIComponent(password)}`;
    url = `postgres://${account}@${host}:${port}/${database}`;
  });

  afterAll(async () => dropDatabase(address));

  it('loads the flights once, at startup, and shows the same as the embedded database', async () => {
    // Both at once: one loads, the other waits for it.
    const samples = await Promise.all(
      [{ DATABASE_URL: url }, { DATABASE_URL: url }, {}].map((env) => startSample(env)),
    );
    const pages = await Promise.all(samples.map((sample) => request(`${sample.url}/`)));
    await Promise.all(samples.map(stopSample));
    expect(pages.map(({ status }) => status)).toEqual([200, 200, 200]);
    const [one, other, embedded] = pages.map(({ text }) => mainOf(text));
    expect(one).toContain('2001, in PostgreSQL');
    expect(other).toBe(one);
    expect(one).toBe(embedded?.replace('2001, in DuckDB', '2001, in PostgreSQL'));
  }, 300_000);

  it('has all rows, and reports the same numbers', async () => {
    const server = new PostgresFlights(url);
    const file = new DuckDbFlights();
    await file.onModuleInit();
    try {
      await server.load();
      const ofServer = await new DelaysService(server).report();
      const ofFile = await new DelaysService(file).report();
      expect(ofServer).toMatchObject({ database: 'PostgreSQL', flights: 3_000_000 });
      expect(ofServer).toEqual({ ...ofFile, database: 'PostgreSQL' });
      const sums = `
        select sum(delay)::int as delay, sum(distance)::float8 as distance,
          count(distinct date)::int as dates, count(distinct destination)::int as destinations
        from flights_3m`;
      expect(await server.query(sums)).toEqual(await file.query(sums));
    } finally {
      file.onModuleDestroy();
      await server.onModuleDestroy();
    }
  }, 300_000);
});

/** As a worker does for a call. */
function beginTask(isAborted: () => boolean): void {
  currentTask.begin({
    get isAborted() {
      return isAborted();
    },
    wait: () => new Promise(() => {}),
    beginLoad: () => {},
    endLoad: () => {},
  });
}
