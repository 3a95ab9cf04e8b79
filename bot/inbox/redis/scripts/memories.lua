-- Memories: reads the memories of several issues.
-- KEYS[1]  numbers       KEYS[2…]  memory:<subject> of each
-- ARGV[1]  the time of the bot, ms
-- Result: {memory or false, ...}, in the order of the keys
local now = clock(KEYS[1], ARGV[1])
local all = {}
for n = 2, #KEYS do
  local memory = redis.call('HMGET', KEYS[n], 'until', 'body')
  all[n - 1] = memory[1] and tonumber(memory[1]) > now and memory[2] or false
end
return all
