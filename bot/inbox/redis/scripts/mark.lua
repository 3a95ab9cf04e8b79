-- Mark: reads a mark.
-- KEYS[1]  mark:<name>
-- ARGV[1]  offset of the clock, ms
-- Result: {the value}, {nil} if there is none or it expired
local mark = redis.call('HMGET', KEYS[1], 'body', 'until')
if mark[1] and tonumber(mark[2]) > clock(ARGV[1]) then return {mark[1]} end
return {false}
