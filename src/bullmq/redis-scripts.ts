/** Commands for BullMQ's client. Each is one script, so it takes one round trip. */
export const SCRIPTS = {
  /**
   * Creates an inbox if there is none, and keeps it alive; keeps a worker on the list of live
   * workers; returns the time and the states of jobs. One script, so that inbox and jobs are seen
   * at the same moment. It writes: its success proves that Redis takes writes.
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
  /** Drops the messages that were read. */
  trim: {
    numberOfKeys: 1,
    lua: `return redis.call('XTRIM', KEYS[1], 'MINID', ARGV[1])`,
  },
  /** Adds a message to an inbox, unless its owner is gone. */
  post: {
    numberOfKeys: 1,
    lua: `
      if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
      redis.call('XADD', KEYS[1], '*', 'm', ARGV[1])
      return 1`,
  },
  /**
   * Removes waiting jobs; for the others, adds the order to stop them to their workers' inboxes.
   * ARGV: prefix of inboxes; then, for each job, its id and its order.
   */
  withdraw: {
    numberOfKeys: 4,
    lua: `
      local found = {}
      for i = 2, #ARGV, 2 do
        local key = KEYS[1] .. ':' .. ARGV[i]
        local state = 0
        local removed = redis.call('LREM', KEYS[2], -1, ARGV[i])
          + redis.call('LREM', KEYS[3], -1, ARGV[i])
          + redis.call('ZREM', KEYS[4], ARGV[i])
        if removed > 0 then
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
  /** Returns the number of waiting jobs, of jobs added in total, and of live workers. */
  count: {
    numberOfKeys: 5,
    lua: `
      local time = redis.call('TIME')
      return {
        redis.call('LLEN', KEYS[1]) + redis.call('LLEN', KEYS[2]) + redis.call('ZCARD', KEYS[3]),
        tonumber(redis.call('GET', KEYS[4]) or '0'),
        redis.call('ZCOUNT', KEYS[5], time[1], '+inf') }`,
  },
  /** Returns the number of live workers, without those named. */
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
