import type { RedisClient } from 'bullmq';

/** What BullMQ's client is asked for; each command is one script, so one round trip. */
const SCRIPTS = {
  /**
   * Makes an inbox if there is none, and keeps it alive; keeps a worker in the list of those alive;
   * tells the time, and where jobs are. All at once, so that what it tells of the inbox and of jobs is
   * of one moment. It writes: that it succeeds proves that Redis takes writes.
   */
  beat: {
    numberOfKeys: 4,
    lua: `
      local inbox, workers, queue, active = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
      local made = 0
      if redis.call('EXISTS', inbox) == 0 then
        redis.call('XADD', inbox, '*', 'm', '')
        redis.call('XTRIM', inbox, 'MAXLEN', 0)
        made = 1
      end
      redis.call('PEXPIRE', inbox, ARGV[1])
      local time = redis.call('TIME')
      local now = tonumber(time[1])
      if ARGV[2] ~= '' then
        redis.call('ZREMRANGEBYSCORE', workers, '-inf', now)
        redis.call('ZADD', workers, now + ARGV[3], ARGV[2])
        redis.call('EXPIRE', workers, ARGV[3])
      end
      local last = redis.call('XREVRANGE', inbox, '+', '-', 'COUNT', 1)
      local found = {
        made, time[1], time[2],
        redis.call('ZCOUNT', workers, now, '+inf'),
        last[1] and last[1][1] or '0-0' }
      for i = 4, #ARGV do
        local key = queue .. ':' .. ARGV[i]
        local state = 1
        if redis.call('EXISTS', key) == 0 then state = 0
        elseif redis.call('EXISTS', key .. ':lock') == 1 then state = 2
        elseif redis.call('HEXISTS', key, 'processedOn') == 1
          and redis.call('LPOS', active, ARGV[i]) then state = 3 end
        found[#found + 1] = state
      end
      return found`,
  },
  /** Drops what was read. */
  trim: {
    numberOfKeys: 1,
    lua: `return redis.call('XTRIM', KEYS[1], 'MINID', ARGV[1])`,
  },
  /** Puts a message into an inbox, unless its owner has gone. */
  post: {
    numberOfKeys: 1,
    lua: `
      if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
      redis.call('XADD', KEYS[1], '*', 'm', ARGV[1])
      return 1`,
  },
  /**
   * Removes jobs that wait; into the inboxes of those who run the others it puts the order to end
   * them. ARGV: what names of inboxes begin with; then, for each job, its id and the order.
   */
  withdraw: {
    numberOfKeys: 3,
    lua: `
      local found = {}
      for i = 2, #ARGV, 2 do
        local key = KEYS[1] .. ':' .. ARGV[i]
        local state = 0
        if redis.call('LREM', KEYS[2], -1, ARGV[i]) + redis.call('LREM', KEYS[3], -1, ARGV[i]) > 0 then
          redis.call('DEL', key)
          state = 1
        elseif redis.call('EXISTS', key) == 1 then
          state = 2
          local worker = redis.call('HGET', key, 'pb')
          local inbox = worker and ARGV[1] .. worker
          if inbox and ARGV[i + 1] ~= '' and redis.call('EXISTS', inbox) == 1 then
            redis.call('XADD', inbox, '*', 'm', ARGV[i + 1])
          end
        end
        found[#found + 1] = state
      end
      return found`,
  },
  /** How many jobs wait, how many were ever added, how many workers are alive. */
  count: {
    numberOfKeys: 4,
    lua: `
      local time = redis.call('TIME')
      return {
        redis.call('LLEN', KEYS[1]) + redis.call('LLEN', KEYS[2]),
        tonumber(redis.call('GET', KEYS[3]) or '0'),
        redis.call('ZCOUNT', KEYS[4], time[1], '+inf') }`,
  },
  /** How many workers are alive beside those that are named. */
  others: {
    numberOfKeys: 1,
    lua: `
      local named = {}
      for _, name in ipairs(ARGV) do named[name] = true end
      local others = 0
      local now = redis.call('TIME')[1]
      for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], now, '+inf')) do
        if not named[name] then others = others + 1 end
      end
      return others`,
  },
  discharge: {
    numberOfKeys: 2,
    lua: `
      redis.call('DEL', KEYS[1])
      redis.call('ZREM', KEYS[2], ARGV[1])`,
  },
} as const;

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
