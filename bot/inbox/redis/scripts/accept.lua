-- Accept: finds a delivery to be a duplicate, or stores and schedules it.
-- KEYS[1]  key:<digest>      KEYS[2]  meaning:<digest>   (not used if the delivery has none)
-- KEYS[3]  box:<issue>       KEYS[4]  mail:<issue>
-- KEYS[5]  due               KEYS[6]  waiting            KEYS[7]  numbers
-- KEYS[8]  projects          KEYS[9]  heard:<project>
-- ARGV[1]  offset of the clock, ms
-- ARGV[2]  issue
-- ARGV[3]  delivery without its time: "<length of its id> <id><body>"
-- ARGV[4]  delay, ms
-- ARGV[5]  how long the key suppresses repeats, ms; 0 if the delivery has none
-- ARGV[6]  how long the meaning does, ms; 0 if the delivery has none
-- ARGV[7]  most deliveries that may wait, 0 for any number
-- ARGV[8]  how exactly it is known when a project was heard of, ms                ARGV[9]  most projects
-- Result: 1 stored, 0 duplicate, -1 too many wait
local now = clock(ARGV[1])
local at = string.format('%d', now) -- written several times, and Redis is slow at writing numbers

local seen = redis.call('MGET', KEYS[1], KEYS[2], KEYS[9])
local function fresh(n, keep)
  return (seen[n] or 0) + keep > now
end
local function remember(key, keep)
  if tonumber(keep) > 0 then redis.call('SET', key, at, 'PX', keep) end
end

if seen[1] and fresh(1, ARGV[5]) then return 0 end
if seen[2] and fresh(2, ARGV[6]) then
  remember(KEYS[1], ARGV[5])
  return 0
end
if ARGV[7] ~= '0' then
  local numbers = redis.call('HMGET', KEYS[7], 'seq', 'gone')
  if (numbers[1] or 0) - (numbers[2] or 0) >= tonumber(ARGV[7]) then return -1 end
end

local seq = redis.call('HINCRBY', KEYS[7], 'seq', '1')
redis.call('HSET', KEYS[4], string.format('%d', seq), at .. ' ' .. ARGV[3])
redis.call('SADD', KEYS[6], ARGV[2])

local box = redis.call('HMGET', KEYS[3], 'token', 'delayed', 'due', 'wake')
if not box[1] and not box[2] then
  local due = now + ARGV[4]
  if not box[3] or due < tonumber(box[3]) then
    local text = string.format('%d', due)
    redis.call('HSET', KEYS[3], 'due', text)
    if box[4] and tonumber(box[4]) < due then text = box[4] end
    redis.call('ZADD', KEYS[5], text, ARGV[2])
  end
end

if not fresh(3, ARGV[8]) then
  redis.call('ZADD', KEYS[8], at, string.match(ARGV[2], '^%d+'))
  redis.call('ZREMRANGEBYRANK', KEYS[8], 0, -1 - ARGV[9])
  remember(KEYS[9], ARGV[8])
end
remember(KEYS[2], ARGV[6])
remember(KEYS[1], ARGV[5])
return 1
