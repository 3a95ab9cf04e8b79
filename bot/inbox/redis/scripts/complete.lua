-- Complete: stores what a handled batch leaves behind, removes its deliveries and frees the issue.
-- KEYS[1]  mailbox:<subject>   KEYS[2]  deliveries:<subject>       KEYS[3]  memory:<subject>
-- KEYS[4]  due           KEYS[5]  leases             KEYS[6]  waiting         KEYS[7]  numbers
-- KEYS[8]  records       KEYS[9]  recent             KEYS[10] recorded:<subject>
-- KEYS[11] recorded:     (of the issue whose record is the oldest of all; made from this)
-- ARGV[1]  the time of the bot, ms
-- ARGV[2]  issue         ARGV[3]  token
-- ARGV[4]  "1" if there is a new memory              ARGV[5]  the memory      ARGV[6]  how long it is kept, ms
-- ARGV[7]  "1" if there is a record                  ARGV[8]  the record
-- ARGV[9]  most records of an issue                  ARGV[10] most records of all
-- ARGV[11] wake-up in ms by the bot's time, "" for none
-- ARGV[12...] the numbers of the batch's deliveries
-- Result: 1, or 0 if the lease is lost
if not held(KEYS[1], ARGV[3]) then return 0 end
local now = clock(KEYS[7], ARGV[1])

if ARGV[4] == '1' then redis.call('HSET', KEYS[3], 'body', ARGV[5]) end
local old = tonumber(redis.call('HGET', KEYS[3], 'until') or 0)
if ARGV[4] == '1' or old > now then
  redis.call('HSET', KEYS[3], 'until', now + ARGV[6])
  redis.call('PEXPIRE', KEYS[3], ARGV[6])
end

if ARGV[7] == '1' then
  -- The box knows the record's number, so that a repeat writes the same record.
  local id = redis.call('HGET', KEYS[1], 'record')
  if not id then
    id = redis.call('HINCRBY', KEYS[7], 'record', 1)
    redis.call('HSET', KEYS[1], 'record', id)
  end
  redis.call('HSET', KEYS[8], id, now .. ' ' .. ARGV[2] .. ' ' .. ARGV[8])
  redis.call('ZADD', KEYS[9], id, id)
  if redis.call('LINDEX', KEYS[10], 0) ~= tostring(id) then redis.call('LPUSH', KEYS[10], id) end
  while redis.call('LLEN', KEYS[10]) > tonumber(ARGV[9]) do
    local old = redis.call('LINDEX', KEYS[10], -1)
    redis.call('HDEL', KEYS[8], old)
    redis.call('ZREM', KEYS[9], old)
    redis.call('RPOP', KEYS[10])
  end
  while redis.call('ZCARD', KEYS[9]) > tonumber(ARGV[10]) do
    local old = redis.call('ZRANGE', KEYS[9], 0, 0)[1]
    local of = string.match(redis.call('HGET', KEYS[8], old) or '', '^%d+ (%S+) ')
    if of then redis.call('LREM', KEYS[11] .. of, -1, old) end
    redis.call('HDEL', KEYS[8], old)
    redis.call('ZREM', KEYS[9], old)
  end
end

able(KEYS[7])
for i = 12, #ARGV do
  redis.call('HINCRBY', KEYS[7], 'gone', redis.call('HDEL', KEYS[2], ARGV[i]))
end
if not redis.call('HGET', KEYS[1], 'revived') then
  if ARGV[11] == '' then
    redis.call('HDEL', KEYS[1], 'wake')
  else
    redis.call('HSET', KEYS[1], 'wake', ARGV[11] + now - ARGV[1])
  end
end
rest(KEYS[1], KEYS[2], KEYS[6], ARGV[2], now)
free(KEYS[4], KEYS[5], KEYS[1], ARGV[2])
return 1
