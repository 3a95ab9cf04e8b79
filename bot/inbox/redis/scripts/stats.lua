-- Stats: counts what waits, without going through it.
-- KEYS[1]  due     KEYS[2]  leases     KEYS[3]  waiting     KEYS[4]  dead_letters     KEYS[5]  numbers
-- ARGV[1]  the time of the bot, ms
-- Result: {issues, deliveries, leased, dead, how long the most overdue issue has been due in ms}
local now = clock(KEYS[5], ARGV[1])
local oldest = 0
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if first[1] then oldest = math.max(0, now - tonumber(first[2])) end
local numbers = redis.call('HMGET', KEYS[5], 'seq', 'gone')
return {
  redis.call('SCARD', KEYS[3]),
  tonumber(numbers[1] or 0) - tonumber(numbers[2] or 0),
  redis.call('ZCOUNT', KEYS[2], '(' .. now, '+inf'),
  redis.call('ZCARD', KEYS[4]),
  oldest,
}
