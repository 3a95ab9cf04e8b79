-- Release: frees the issue as if it had not been claimed, due at once.
-- KEYS[1]  box:<issue>   KEYS[2]  due    KEYS[3]  leases
-- ARGV[1]  offset of the clock, ms
-- ARGV[2]  issue         ARGV[3]  token
-- Result: 1, or 0 if the lease is lost
if not held(KEYS[1], ARGV[3]) then return 0 end
local now = clock(ARGV[1])
local box = redis.call('HMGET', KEYS[1], 'due', 'attempt')
if not box[1] or tonumber(box[1]) > now then redis.call('HSET', KEYS[1], 'due', now) end
redis.call('HSET', KEYS[1], 'attempt', math.max(0, tonumber(box[2] or 0) - 1))
free(KEYS[2], KEYS[3], KEYS[1], ARGV[2])
return 1
