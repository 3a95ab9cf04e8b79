-- TouchProjects: notes projects as if each just had a delivery stored.
-- KEYS[1]  projects   KEYS[2]  numbers
-- ARGV[1]  the time of the bot, ms         ARGV[2]  most projects          ARGV[3...]  the projects
-- Result: 1
local at = string.format('%d', clock(KEYS[2], ARGV[1]))
for i = 3, #ARGV do redis.call('ZADD', KEYS[1], at, ARGV[i]) end
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[2])
return 1
