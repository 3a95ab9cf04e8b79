-- Retry: frees the issue and makes it due after a delay that nothing shortens.
-- KEYS[1]  mailbox:<subject>   KEYS[2]  due    KEYS[3]  leases   KEYS[4]  numbers
-- ARGV[1]  the time of the bot, ms
-- ARGV[2]  issue         ARGV[3]  token
-- ARGV[4]  delay, ms     ARGV[5]  cause
-- Result: 1, or 0 if the lease is lost
if not held(KEYS[1], ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], 'due', clock(KEYS[4], ARGV[1]) + ARGV[4], 'delayed', 1, 'cause', ARGV[5])
free(KEYS[2], KEYS[3], KEYS[1], ARGV[2])
return 1
