-- Take: takes tokens from a bucket, if there are enough.
-- KEYS[1]  bucket:<name>   KEYS[2]  numbers
-- ARGV[1]  the time of the bot, ms
-- ARGV[2]  how many tokens                ARGV[3]  how many must be left
-- ARGV[4]  tokens a second                ARGV[5]  tokens that the bucket holds
-- ARGV[6]  how long the bucket is kept, ms
-- Result: 0 if they were taken, else how long to wait for them, ms
local now = clock(KEYS[2], ARGV[1])
local rate, burst = tonumber(ARGV[4]), tonumber(ARGV[5])
local left = level(KEYS[1], now, rate, burst) or burst
local missing = ARGV[2] + ARGV[3] - left
if missing > 0 then return math.ceil(missing * 1000 / rate) end
local kept = redis.call('PEXPIRE', KEYS[1], ARGV[6]) -- also: it is allowed, before anything is taken
redis.call('HSET', KEYS[1], 'left', string.format('%.6f', left - ARGV[2]), 'at', now, 'rate', ARGV[4], 'burst', ARGV[5])
if kept == 0 then redis.call('PEXPIRE', KEYS[1], ARGV[6]) end
return 0
