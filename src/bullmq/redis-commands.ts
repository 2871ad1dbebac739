import type { RedisClient } from 'bullmq';
import { SCRIPTS } from './redis-scripts.js';

/** Where a job is. */
export enum JobState {
  Gone,
  Waiting,
  Running,
  /** A worker has it, but has been silent for too long. */
  Stalled,
}

/** What became of a job that was withdrawn. */
export enum Withdrawal {
  /** It had ended, or was lost. */
  Gone,
  Removed,
  /** A worker has it. */
  Taken,
}

/** Redis's answer to a beat. */
export interface Beat {
  /** Whether the inbox was created: on the first beat, or because Redis has lost its data. */
  readonly isNew: boolean;
  /** Epoch time in ms by Redis's clock. */
  readonly now: number;
  /** Number of live workers. */
  readonly workers: number;
  /** Id of the last message in the inbox. */
  readonly last: string;
  /** States of the jobs that were asked about, in that order. */
  readonly states: readonly JobState[];
}

/** How long, in ms, an inbox stays in Redis after its owner has died. */
const INBOX_TTL = 30_000;
/** How long, in s, a worker counts as alive after its last beat. */
const WORKER_TTL = 10;

/** Names of the keys in addition to BullMQ's own, all in the cluster slot of the queue. */
export class FleetKeys {
  /** BullMQ's `<prefix>:<queue>`. */
  readonly queue: string;
  /** Prefix of inboxes; the owner's name follows. */
  readonly inboxes: string;
  /** The live workers: their names, each with the time until which it counts as alive. */
  readonly workers: string;

  constructor(prefix: string, queue: string) {
    this.queue = `${prefix}:${queue}`;
    this.inboxes = `${this.queue}:futures:inbox:`;
    this.workers = `${this.queue}:futures:workers`;
  }
}

/**
 * The Redis commands that this module needs in addition to BullMQ's.
 *
 * @internal
 */
export class RedisCommands {
  readonly #client: Promise<RedisClient>;

  /** @param client settles when the client has connected */
  constructor(
    client: Promise<RedisClient>,
    readonly keys: FleetKeys,
  ) {
    this.#client = client.then(define);
    // Each command rejects with this error; without commands, it would be an unhandled rejection.
    this.#client.catch(() => {});
  }

  /** Settles when the client has connected for the first time. */
  get ready(): Promise<unknown> {
    return this.#client;
  }

  /** @param worker whether the owner is a worker, which counts as alive from now on */
  async beat(owner: string, worker: boolean, jobIds: readonly string[] = []): Promise<Beat> {
    const { queue, inboxes, workers: list } = this.keys;
    const [made, s, us, workers, last, ...states] = (await this.#run(
      'beat',
      inboxes + owner,
      list,
      queue,
      `${queue}:active`,
      INBOX_TTL,
      worker ? owner : '',
      WORKER_TTL,
      ...jobIds,
    )) as [number, string, string, number, string, ...JobState[]];
    const now = Number(s) * 1_000 + Number(us) / 1_000;
    return { isNew: made === 1, now, workers, last, states };
  }

  trim(owner: string, first: string): Promise<unknown> {
    return this.#run('trim', this.keys.inboxes + owner, first);
  }

  /** Resolves to whether the inbox exists. */
  async post(owner: string, message: string): Promise<boolean> {
    return (await this.#run('post', this.keys.inboxes + owner, message)) === 1;
  }

  /**
   * Removes waiting jobs, and sends an order to stop the others to their workers.
   *
   * @param jobs their ids, each with its order; an empty order is not sent
   */
  async withdraw(jobs: readonly (readonly [id: string, order: string])[]): Promise<Withdrawal[]> {
    const { queue, inboxes } = this.keys;
    const keys = [queue, `${queue}:wait`, `${queue}:paused`, `${queue}:prioritized`];
    return (await this.#run('withdraw', ...keys, inboxes, ...jobs.flat())) as Withdrawal[];
  }

  /** Resolves to the number of live workers, without those named. */
  async others(workers: readonly string[]): Promise<number> {
    return (await this.#run('others', this.keys.workers, ...workers)) as number;
  }

  async count(): Promise<{ waiting: number; added: number; workers: number }> {
    const { queue, workers: list } = this.keys;
    const waiting = ['wait', 'paused', 'prioritized'].map((name) => `${queue}:${name}`);
    const keys = [...waiting, `${queue}:id`, list];
    const counts = (await this.#run('count', ...keys)) as [number, number, number];
    return { waiting: counts[0], added: counts[1], workers: counts[2] };
  }

  /** Removes the inbox of `name` from Redis, and its entry in the list of workers. */
  discharge(name: string): Promise<unknown> {
    return this.#run('discharge', this.keys.inboxes + name, this.keys.workers, name);
  }

  async #run(name: keyof typeof SCRIPTS, ...args: readonly (string | number)[]): Promise<unknown> {
    return (await this.#client).runCommand(commandOf(name), [...args]);
  }
}

function define(client: RedisClient): RedisClient {
  for (const [name, script] of Object.entries(SCRIPTS)) {
    client.defineCommand(commandOf(name), script);
  }
  return client;
}

function commandOf(name: string): string {
  return `nestjsFutures:${name}`;
}
