-- DeadLetter: moves a batch's deliveries to the issue's dead letter and frees the issue.
-- KEYS[1]  mailbox:<subject>       KEYS[2]  deliveries:<subject>
-- KEYS[3]  dead_letter:<subject>    KEYS[4]  dead_deliveries:<subject>   KEYS[5]  dead_letters
-- KEYS[6]  due               KEYS[7]  leases             KEYS[8]  waiting     KEYS[9]  numbers
-- ARGV[1]  the time of the bot, ms
-- ARGV[2]  issue             ARGV[3]  token
-- ARGV[4]  cause             ARGV[5]  attempts
-- ARGV[6]  "1" if there is a record                      ARGV[7]  the record
-- ARGV[8]  "1" if the batch's wake-up was due
-- ARGV[9...] the numbers of the batch's deliveries
-- Result: 1, or 0 if the lease is lost
if not held(KEYS[1], ARGV[3]) then return 0 end
local now = clock(KEYS[9], ARGV[1])

able(KEYS[9])
local mail = {}
for i = 9, #ARGV do mail[i] = redis.call('HGET', KEYS[2], ARGV[i]) end
redis.call('HSET', KEYS[3], 'cause', ARGV[4], 'attempts', ARGV[5], 'buried', now)
if ARGV[6] == '1' then
  redis.call('HSET', KEYS[3], 'record', ARGV[7])
else
  redis.call('HDEL', KEYS[3], 'record')
end
redis.call('ZADD', KEYS[5], now, ARGV[2])
for i, delivery in pairs(mail) do
  if delivery then
    redis.call('HSET', KEYS[4], ARGV[i], delivery)
    redis.call('HDEL', KEYS[2], ARGV[i])
    redis.call('HINCRBY', KEYS[9], 'gone', 1)
  end
end
if ARGV[8] == '1' then
  redis.call('HSET', KEYS[3], 'woken', 1)
  if not redis.call('HGET', KEYS[1], 'revived') then redis.call('HDEL', KEYS[1], 'wake') end
end
rest(KEYS[1], KEYS[2], KEYS[8], ARGV[2], now)
free(KEYS[6], KEYS[7], KEYS[1], ARGV[2])
return 1
