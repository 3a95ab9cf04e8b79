-- Stands in front of every script. A script has no rollback, and any command may be one that the user has no right to. So each script
-- checks first, then writes what may be repeated, and writes last what suppresses repeats. Behind the first write that may not be
-- repeated come only commands that went through before in the same run, if need be without effect: see able.

-- clock is the store's time in milliseconds, and microseconds that tell calls within one apart. It is the latest time that a bot has
-- named, and the server only counts what went by since: its own clock may be an hour off, or be put right at any moment. A step back counts as
-- nothing, and one of more than a minute neither, because bots ask every second. So the time never goes back, and no issue waits for
-- longer than by the clock of the bot that asks. When that cannot be noted, whoever must write fails soon.
local function clock(numbers_key, asked)
  local t = redis.call('TIME')
  local ticks = t[1] * 1000 + math.floor(t[2] / 1000)
  local known = redis.call('HMGET', numbers_key, 'now', 'ticks')
  local now, guess = tonumber(asked), tonumber(known[1] or 0)
  local passed = ticks - (known[2] or ticks)
  if passed > 0 and passed <= 60000 then guess = guess + passed end
  if now < guess then now = guess end
  if not known[1] or passed < 0 or passed >= 10000 or now - guess >= 1000 then
    redis.pcall('HSET', numbers_key, 'now', string.format('%d', now), 'ticks', string.format('%d', ticks))
  end
  return now, t[2] % 1000
end

-- able runs the commands that a script is about to depend on, so that it fails while that does no harm. Nothing has the empty name.
local function able(numbers_key)
  redis.call('HINCRBY', numbers_key, 'gone', 0)
  redis.call('HDEL', numbers_key, '')
end

-- schedule gives an issue without a lease its place in the order of due issues: at the earlier of its due time and its wake-up, but
-- within a Retry's delay only at its end. An issue that waits for nothing is forgotten, its lease with it.
local function schedule(due_key, box_key, issue)
  local box = redis.call('HMGET', box_key, 'due', 'wake', 'delayed')
  local due, wake = tonumber(box[1]), tonumber(box[2])
  local at = due or wake
  if not box[3] and due and wake and wake < due then at = wake end
  if at then
    redis.call('ZADD', due_key, at, issue)
  else
    redis.call('ZREM', due_key, issue)
    redis.call('DEL', box_key)
  end
end

-- held reports whether the lease is still the one that the token was given for.
local function held(box_key, token)
  return redis.call('HGET', box_key, 'token') == token
end

-- rest starts the count of attempts anew and makes what is still in the mailbox due.
local function rest(box_key, mail_key, waiting_key, issue, now)
  redis.call('HDEL', box_key, 'attempt', 'cause', 'delayed', 'due')
  if redis.call('HLEN', mail_key) > 0 then
    redis.call('HSET', box_key, 'due', now)
  else
    redis.call('SREM', waiting_key, issue)
  end
end

-- free schedules the issue and ends the lease. It is the last that a script does, because it makes a repeat find the lease lost.
local function free(due_key, leases_key, box_key, issue)
  redis.call('ZREM', leases_key, issue)
  schedule(due_key, box_key, issue)
  redis.call('HDEL', box_key, 'until', 'token', 'record')
end
