-- Get: reads a value.
-- KEYS[1]  value:<name>   KEYS[2]  numbers
-- ARGV[1]  the time of the bot, ms
-- Result: {the value, or "" if there is none or it has expired, now in ms}
local now = clock(KEYS[2], ARGV[1])
return {current(KEYS[1], now), now}
