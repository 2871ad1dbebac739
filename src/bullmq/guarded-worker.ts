import { Worker, type Job, type JobJson } from 'bullmq';
import type { StoredJob } from './job-data.js';
import { JOB_OPTIONS } from './queue-link.js';

/** How long, in ms, to wait after Redis has refused to hand out a job: BullMQ asks again at once. */
const PAUSE_AFTER_ERROR = 250;

/** What a job says that says nothing but what it must. */
const PLAIN = {
  name: '',
  opts: JOB_OPTIONS,
  progress: 0,
  attemptsMade: 0,
  attemptsStarted: 0,
  failedReason: '',
  returnvalue: '',
};

/**
 * BullMQ's worker, which believes what is in Redis. Whatever is there must neither stop it nor have it
 * do more than run the job: only the job's id, data and counters are used, and data that is not to be
 * read are left out.
 *
 * @internal
 */
export class GuardedWorker extends Worker<StoredJob> {
  /** Length of the data of a job, in characters. */
  maxData = Infinity;

  protected override createJob(json: JobJson, jobId: string): Job<StoredJob> {
    const { id, timestamp, processedOn, stalledCounter, data } = json;
    const times = processedOn === undefined ? { timestamp } : { timestamp, processedOn };
    const job = { ...PLAIN, ...times, id, stalledCounter };
    try {
      if (data.length <= this.maxData) return super.createJob({ ...job, data }, jobId);
    } catch {
      // It is no JSON.
    }
    return super.createJob({ ...job, data: 'null' }, jobId);
  }

  protected override async moveToActive(token: string, name?: string): Promise<Job<StoredJob>> {
    try {
      return await super.moveToActive(token, name);
    } catch (error) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_AFTER_ERROR));
      throw error;
    }
  }
}
