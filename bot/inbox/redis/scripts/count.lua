-- Count: counts a use, unless there were too many in the window before it, or tells what became of it when it was counted.
-- KEYS[1]  uses:<digest>     KEYS[2]  refused:<digest>   KEYS[3]  numbers
-- ARGV[1]  the time of the bot, ms
-- ARGV[2]  digest of the use
-- ARGV[3]  how many uses a window may hold               ARGV[4]  the window, ms
-- ARGV[5]  how long an answer is kept, ms                ARGV[6]  most answers of each kind
-- Result: {1, 0} allowed, {0, ms until the next use is allowed} refused
local now = clock(KEYS[3], ARGV[1])
local limit, window = tonumber(ARGV[3]), tonumber(ARGV[4])
for k = 1, 2 do redis.call('ZREMRANGEBYSCORE', KEYS[k], '-inf', now - ARGV[5]) end

local function keep(key)
  redis.call('ZADD', key, now, ARGV[2])
  redis.call('ZREMRANGEBYRANK', key, 0, -1 - ARGV[6])
  redis.call('PEXPIRE', key, ARGV[5])
end

if redis.call('ZSCORE', KEYS[1], ARGV[2]) then return {1, 0} end
local full = redis.call('ZCOUNT', KEYS[1], '(' .. (now - window), '+inf') >= limit
if not redis.call('ZSCORE', KEYS[2], ARGV[2]) then
  if not full then
    keep(KEYS[1])
    return {1, 0}
  end
  keep(KEYS[2])
end
if not full then return {0, 0} end
-- When the limit-th of them, from the newest, has left the window, there is room.
local last = redis.call('ZREVRANGE', KEYS[1], limit - 1, limit - 1, 'WITHSCORES')
return {0, tonumber(last[2]) + window - now}
