import type { RedisClient } from 'bullmq';
import { SCRIPTS } from './redis-scripts.js';

/** Where a job is. */
export enum JobState {
  Gone,
  Waiting,
  Running,
  /** Taken by a worker that has not been heard of for too long. */
  Stalled,
}

/** What became of a job that is not wanted any more. */
export enum Withdrawal {
  /** It had ended, or was lost. */
  Gone,
  Removed,
  /** A worker has it. */
  Taken,
}

/** What Redis tells at a beat. */
export interface Beat {
  /** Whether the inbox was made: it is the first beat, or Redis has lost its data. */
  readonly isNew: boolean;
  /** Epoch time in ms by Redis's clock. */
  readonly now: number;
  /** Workers alive. */
  readonly workers: number;
  /** Id of the last message in the inbox. */
  readonly last: string;
  /** Of the jobs that were asked about. */
  readonly states: readonly JobState[];
}

/** How long, in ms, an inbox stays in Redis when its owner has died. */
const INBOX_TTL = 30_000;
/** How long, in s, a worker that does not beat counts as alive. */
const WORKER_TTL = 10;

/** Names of the keys beside BullMQ's own, all of them in the slot of its queue. */
export class FleetKeys {
  /** BullMQ's `<prefix>:<queue>`. */
  readonly queue: string;
  /** Followed by the name of its owner. */
  readonly inboxes: string;
  /** Workers that are alive: names, with the time until which they are. */
  readonly workers: string;

  constructor(prefix: string, queue: string) {
    this.queue = `${prefix}:${queue}`;
    this.inboxes = `${this.queue}:futures:inbox:`;
    this.workers = `${this.queue}:futures:workers`;
  }
}

/**
 * What this executor says to Redis beside what BullMQ says.
 *
 * @internal
 */
export class RedisCommands {
  readonly #client: Promise<RedisClient>;

  /** @param client settles when the connection is there */
  constructor(
    client: Promise<RedisClient>,
    readonly keys: FleetKeys,
  ) {
    this.#client = client.then(define);
    // Each command says what is wrong; there may be none.
    this.#client.catch(() => {});
  }

  /** Settles when there is a connection for the first time. */
  get ready(): Promise<unknown> {
    return this.#client;
  }

  /** @param worker whether the inbox is that of a worker, which counts as alive from now on */
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

  /** Resolves to whether the inbox is there. */
  async post(owner: string, message: string): Promise<boolean> {
    return (await this.#run('post', this.keys.inboxes + owner, message)) === 1;
  }

  /**
   * Removes jobs that wait, and tells those who run the others to end them.
   *
   * @param jobs their ids, and the order for who runs them; empty: none is given
   */
  async withdraw(jobs: readonly (readonly [id: string, order: string])[]): Promise<Withdrawal[]> {
    const { queue, inboxes } = this.keys;
    const keys = [queue, `${queue}:wait`, `${queue}:paused`];
    return (await this.#run('withdraw', ...keys, inboxes, ...jobs.flat())) as Withdrawal[];
  }

  /** Resolves to how many workers are alive beside those that are named. */
  async others(workers: readonly string[]): Promise<number> {
    return (await this.#run('others', this.keys.workers, ...workers)) as number;
  }

  async count(): Promise<{ waiting: number; added: number; workers: number }> {
    const { queue, workers: list } = this.keys;
    const keys = [`${queue}:wait`, `${queue}:paused`, `${queue}:id`, list];
    const [waiting, added, workers] = (await this.#run('count', ...keys)) as [
      number,
      number,
      number,
    ];
    return { waiting, added, workers };
  }

  /** Removes what an owner of an inbox has in Redis. */
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
