-- Redrive: puts a dead letter back into its issue's mailbox, due at once as attempt 1. Deliveries keep their numbers, which are below
-- those of whatever came later: that is the head. Under a lease the issue is due again when that ends.
-- KEYS[1]  mailbox:<subject>       KEYS[2]  deliveries:<subject>
-- KEYS[3]  dead_letter:<subject>    KEYS[4]  dead_deliveries:<subject>   KEYS[5]  dead_letters
-- KEYS[6]  due               KEYS[7]  waiting            KEYS[8]  numbers
-- ARGV[1]  the time of the bot, ms
-- ARGV[2]  issue
-- Result: 1, or 0 if there is no such letter
if redis.call('EXISTS', KEYS[3]) == 0 then return 0 end
local now = clock(KEYS[8], ARGV[1])

local mail = redis.call('HGETALL', KEYS[4])
local leased = redis.call('HGET', KEYS[1], 'token')
able(KEYS[8])
redis.call('ZREM', KEYS[5], '')
redis.call('DEL', KEYS[4] .. ':') -- no issue is called that
if #mail > 0 then redis.call('SADD', KEYS[7], ARGV[2]) end
if redis.call('HGET', KEYS[3], 'woken') then
  if leased then redis.call('HSET', KEYS[1], 'revived', 1) end
  redis.call('HSET', KEYS[1], 'wake', now)
end
if not leased then
  redis.call('HDEL', KEYS[1], 'attempt', 'cause', 'delayed', 'due')
  if #mail > 0 or redis.call('HLEN', KEYS[2]) > 0 then redis.call('HSET', KEYS[1], 'due', now) end
  schedule(KEYS[6], KEYS[1], ARGV[2])
end

for i = 1, #mail, 2 do
  redis.call('HSET', KEYS[2], mail[i], mail[i + 1])
  redis.call('HINCRBY', KEYS[8], 'gone', -1)
end
redis.call('ZREM', KEYS[5], ARGV[2])
redis.call('DEL', KEYS[4], KEYS[3])
return 1
