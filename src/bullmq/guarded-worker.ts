import { Worker, type Job, type JobJson } from 'bullmq';
import type { StoredJob } from './job-data.js';
import { JOB_OPTIONS } from './queue-link.js';

/** How long, in ms, to wait after Redis refused to hand out a job: BullMQ would retry at once. */
const PAUSE_AFTER_ERROR = 250;

/** Neutral values for all fields of a job that are not taken from Redis. */
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
 * BullMQ's worker trusts what is in Redis; this one doesn't. No data there can stop it, or make it
 * do anything but run the job: it uses only the job's id, data and counters, and drops data that is
 * too long or not JSON.
 *
 * @internal
 */
export class GuardedWorker extends Worker<StoredJob> {
  /** Maximum length of a job's data, in characters. */
  maxData = Infinity;

  protected override createJob(json: JobJson, jobId: string): Job<StoredJob> {
    const { id, timestamp, processedOn, stalledCounter, data } = json;
    const times = processedOn === undefined ? { timestamp } : { timestamp, processedOn };
    const job = { ...PLAIN, ...times, id, stalledCounter };
    try {
      if (data.length <= this.maxData) return super.createJob({ ...job, data }, jobId);
    } catch {
      // It is not JSON.
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
