-- Extend: prolongs a lease from now.
-- KEYS[1]  mailbox:<subject>   KEYS[2]  due    KEYS[3]  leases   KEYS[4]  numbers
-- ARGV[1]  the time of the bot, ms
-- ARGV[2]  issue         ARGV[3]  token
-- ARGV[4]  length of the lease, ms
-- Result: the lease's new end in ms, 0 if it is lost
if not held(KEYS[1], ARGV[3]) then return 0 end
local ends = clock(KEYS[4], ARGV[1]) + ARGV[4]
redis.call('HSET', KEYS[1], 'until', ends)
redis.call('ZADD', KEYS[3], ends, ARGV[2])
redis.call('ZADD', KEYS[2], ends, ARGV[2])
return ends
