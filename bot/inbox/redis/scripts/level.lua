-- Level: lowers what is in a bucket.
-- KEYS[1]  bucket:<name>   KEYS[2]  numbers
-- ARGV[1]  the time of the bot, ms
-- ARGV[2]  how many tokens are left       ARGV[3]  how long the bucket is kept, ms
-- Result: 1
local now = clock(KEYS[2], ARGV[1])
local lowered = tonumber(ARGV[2])
local known = redis.call('HMGET', KEYS[1], 'left', 'rate', 'burst')
if known[2] then
  if level(KEYS[1], now, tonumber(known[2]), tonumber(known[3])) <= lowered then return 1 end
elseif known[1] then
  lowered = math.min(lowered, known[1]) -- how much came since is not known
end
redis.call('HSET', KEYS[1], 'left', lowered, 'at', now)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
