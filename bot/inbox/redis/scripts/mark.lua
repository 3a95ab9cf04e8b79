-- Mark: reads a mark.
-- KEYS[1]  mark:<name>   KEYS[2]  numbers
-- ARGV[1]  the time of the bot, ms
-- Result: {the value}, {nil} if there is none or it expired
local mark = redis.call('HMGET', KEYS[1], 'body', 'until')
if mark[1] and tonumber(mark[2]) > clock(KEYS[2], ARGV[1]) then return {mark[1]} end
return {false}
