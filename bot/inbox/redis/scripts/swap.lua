-- CompareAndSwap: replaces a value, or forgets it, if it is still the old one.
-- KEYS[1]  value:<name>   KEYS[2]  numbers
-- ARGV[1]  the time of the bot, ms
-- ARGV[2]  the old value, "" for none            ARGV[3]  the new value, "" to forget it
-- ARGV[4]  how long the new value is kept, ms
-- Result: 1, or 0 if the value is another one
local now = clock(KEYS[2], ARGV[1])
if current(KEYS[1], now) ~= ARGV[2] then return 0 end
if ARGV[3] == '' then
  redis.call('DEL', KEYS[1])
  return 1
end
-- The server's clock, which may jump, only decides when what has expired is forgotten.
local forget = ARGV[4] + 86400000
local there = redis.call('PEXPIRE', KEYS[1], forget) -- also: it is allowed, before anything is written
redis.call('HSET', KEYS[1], 'body', ARGV[3], 'until', now + ARGV[4])
if there == 0 then redis.call('PEXPIRE', KEYS[1], forget) end
return 1
