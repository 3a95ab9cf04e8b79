-- Turn: gives or prolongs the turn for a job, if nobody else has it.
-- KEYS[1]  turn:<name>   KEYS[2]  numbers
-- ARGV[1]  the time of the bot, ms
-- ARGV[2]  holder        ARGV[3]  length of the turn, ms
-- Result: 1, or 0 if somebody else has it
local now = clock(KEYS[2], ARGV[1])
local turn = redis.call('HMGET', KEYS[1], 'holder', 'until')
if turn[1] and turn[1] ~= ARGV[2] and tonumber(turn[2]) > now then return 0 end
redis.call('HSET', KEYS[1], 'holder', ARGV[2], 'until', now + ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[3] + 86400000) -- by the server's clock, which may jump: only to forget it some time
return 1
