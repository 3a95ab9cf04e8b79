-- SaveMemory: stores the issue's memory under its lease.
-- KEYS[1]  mailbox:<subject>   KEYS[2]  memory:<subject>   KEYS[3]  numbers
-- ARGV[1]  the time of the bot, ms
-- ARGV[2]  token         ARGV[3]  the memory         ARGV[4]  how long it is kept, ms
-- Result: 1, or 0 if the lease is lost
if not held(KEYS[1], ARGV[2]) then return 0 end
redis.call('HSET', KEYS[2], 'body', ARGV[3], 'until', clock(KEYS[3], ARGV[1]) + ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return 1
