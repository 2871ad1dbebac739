import type { RedisClient } from 'bullmq';

/** What BullMQ's client is asked for; each command is one script, so one round trip. */
const SCRIPTS = {
  /** Makes an inbox if there is none, and keeps it alive; tells whether it was made, and the time. */
  touch: {
    numberOfKeys: 1,
    lua: `
      local made = 0
      if redis.call('EXISTS', KEYS[1]) == 0 then
        redis.call('XADD', KEYS[1], '*', 'm', '')
        redis.call('XTRIM', KEYS[1], 'MAXLEN', 0)
        made = 1
      end
      redis.call('PEXPIRE', KEYS[1], ARGV[1])
      local time = redis.call('TIME')
      return { made, time[1], time[2] }`,
  },
  /** Drops what was read. */
  trim: {
    numberOfKeys: 1,
    lua: `return redis.call('XTRIM', KEYS[1], 'MINID', ARGV[1])`,
  },
  /** Puts messages into an inbox, unless its owner has gone. */
  post: {
    numberOfKeys: 1,
    lua: `
      if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
      for i = 1, #ARGV do redis.call('XADD', KEYS[1], '*', 'm', ARGV[i]) end
      return 1`,
  },
  /** Puts the ids of jobs into the inboxes of those who run them. */
  signal: {
    numberOfKeys: 1,
    lua: `
      for i = 2, #ARGV do
        local worker = redis.call('HGET', KEYS[1] .. ':' .. ARGV[i], 'pb')
        if worker then
          local inbox = ARGV[1] .. worker
          if redis.call('EXISTS', inbox) == 1 then redis.call('XADD', inbox, '*', 'm', ARGV[i]) end
        end
      end`,
  },
  /** Where jobs are, by `JobState`, and the last message of the inbox. */
  look: {
    numberOfKeys: 3,
    lua: `
      local last = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)
      local found = { last[1] and last[1][1] or '0-0' }
      for i = 1, #ARGV do
        local key = KEYS[1] .. ':' .. ARGV[i]
        local state = 1
        if redis.call('EXISTS', key) == 0 then state = 0
        elseif redis.call('EXISTS', key .. ':lock') == 1 then state = 2
        elseif redis.call('HEXISTS', key, 'processedOn') == 1
          and redis.call('LPOS', KEYS[2], ARGV[i]) then state = 3 end
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
  /** Keeps a worker in the list of those alive, until `ARGV[2]` s from now. */
  enlist: {
    numberOfKeys: 1,
    lua: `
      local now = tonumber(redis.call('TIME')[1])
      redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
      redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
      redis.call('EXPIRE', KEYS[1], ARGV[2])`,
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

  /** `now`: epoch time in ms by Redis's clock. */
  async touch(inbox: string, ttl: number): Promise<{ isNew: boolean; now: number }> {
    const [made, s, us] = (await this.#run('touch', inbox, ttl)) as [number, string, string];
    return { isNew: made === 1, now: Number(s) * 1_000 + Number(us) / 1_000 };
  }

  trim(inbox: string, first: string): Promise<unknown> {
    return this.#run('trim', inbox, first);
  }

  /** Resolves to whether the inbox is there. */
  async post(inbox: string, messages: readonly string[]): Promise<boolean> {
    return (await this.#run('post', inbox, ...messages)) === 1;
  }

  /** Tells those who run the jobs to end them. */
  signal(jobIds: readonly string[]): Promise<unknown> {
    return this.#run('signal', this.keys.queue, this.keys.inboxes, ...jobIds);
  }

  async look(
    inbox: string,
    jobIds: readonly string[],
  ): Promise<{ last: string; states: readonly JobState[] }> {
    const { queue } = this.keys;
    const [last, ...states] = (await this.#run(
      'look',
      queue,
      `${queue}:active`,
      inbox,
      ...jobIds,
    )) as [string, ...JobState[]];
    return { last, states };
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

  /** @param ttl in s */
  enlist(worker: string, ttl: number): Promise<unknown> {
    return this.#run('enlist', this.keys.workers, worker, ttl);
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
