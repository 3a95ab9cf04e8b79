-- Accept: finds a delivery to be a duplicate, or stores and schedules it.
-- KEYS[1]  key:<digest>      KEYS[2]  meaning:<digest>   (not used if the delivery has none)
-- KEYS[3]  box:<issue>       KEYS[4]  mail:<issue>
-- KEYS[5]  due               KEYS[6]  waiting            KEYS[7]  numbers     KEYS[8]  projects
-- ARGV[1]  offset of the clock, ms
-- ARGV[2]  issue
-- ARGV[3]  delivery without its time: "<length of its id> <id><body>"
-- ARGV[4]  delay, ms
-- ARGV[5]  how long the key suppresses repeats, ms; 0 if the delivery has none
-- ARGV[6]  how long the meaning does, ms; 0 if the delivery has none
-- ARGV[7]  project
-- ARGV[8]  how exactly it is known when a project was heard of, ms                ARGV[9]  most projects
-- Result: 1 stored, 0 duplicate
local now = clock(ARGV[1])

local seen = redis.call('MGET', KEYS[1], KEYS[2])
local function known(n, keep)
  return tonumber(keep) > 0 and tonumber(seen[n] or 0) > now
end
local function remember(key, keep)
  if tonumber(keep) > 0 then redis.call('SET', key, now + keep, 'PX', keep) end
end

if known(1, ARGV[5]) then return 0 end
if known(2, ARGV[6]) then
  remember(KEYS[1], ARGV[5])
  return 0
end

local seq = redis.call('HINCRBY', KEYS[7], 'seq', 1)
redis.call('HSET', KEYS[4], seq, now .. ' ' .. ARGV[3])
redis.call('SADD', KEYS[6], ARGV[2])

local box = redis.call('HMGET', KEYS[3], 'token', 'delayed', 'due', 'wake')
if not box[1] and not box[2] then
  local due = now + ARGV[4]
  if not box[3] or due < tonumber(box[3]) then
    redis.call('HSET', KEYS[3], 'due', due)
    redis.call('ZADD', KEYS[5], math.min(due, tonumber(box[4] or due)), ARGV[2])
  end
end

if (redis.call('ZSCORE', KEYS[8], ARGV[7]) or 0) + ARGV[8] <= now then
  redis.call('ZADD', KEYS[8], now, ARGV[7])
  redis.call('ZREMRANGEBYRANK', KEYS[8], 0, -1 - ARGV[9])
end

remember(KEYS[2], ARGV[6])
remember(KEYS[1], ARGV[5])
return 1
