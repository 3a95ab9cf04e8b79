-- Revive: puts a dead letter back into its issue's mailbox, due at once as attempt 1. Deliveries keep their numbers, which are below
-- those of whatever came later: that is the head. Under a lease the issue is due again when that ends.
-- KEYS[1]  box:<issue>       KEYS[2]  mail:<issue>
-- KEYS[3]  letter:<issue>    KEYS[4]  lettered:<issue>   KEYS[5]  dead
-- KEYS[6]  due               KEYS[7]  waiting            KEYS[8]  numbers
-- ARGV[1]  offset of the clock, ms
-- ARGV[2]  issue
-- Result: 1, or 0 if there is no such letter
if redis.call('EXISTS', KEYS[3]) == 0 then return 0 end
local now = clock(ARGV[1])

local mail = redis.call('HGETALL', KEYS[4])
for i = 1, #mail, 2 do
  redis.call('HSET', KEYS[2], mail[i], mail[i + 1])
  redis.call('HINCRBY', KEYS[8], 'gone', -1)
end
if #mail > 0 then redis.call('SADD', KEYS[7], ARGV[2]) end

local leased = redis.call('HGET', KEYS[1], 'token')
if redis.call('HGET', KEYS[3], 'woken') then
  redis.call('HSET', KEYS[1], 'wake', now)
  if leased then redis.call('HSET', KEYS[1], 'revived', 1) end
end
if not leased then
  rest(KEYS[1], KEYS[2], KEYS[7], ARGV[2], now)
  schedule(KEYS[6], KEYS[1], ARGV[2])
end
redis.call('ZREM', KEYS[5], ARGV[2])
redis.call('DEL', KEYS[4], KEYS[3])
return 1
