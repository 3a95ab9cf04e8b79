-- Records: lists the newest records, of one issue or of all.
-- KEYS[1]  records       KEYS[2]  recorded:<subject>, or recent for all
-- ARGV[1]  most records to list, above 0
-- Result: {"<ms> <issue> <record>", ...}, the newest first
local ids
if redis.call('TYPE', KEYS[2]).ok == 'zset' then
  ids = redis.call('ZREVRANGE', KEYS[2], 0, ARGV[1] - 1)
else
  ids = redis.call('LRANGE', KEYS[2], 0, ARGV[1] - 1)
end
local all = {}
for _, id in ipairs(ids) do
  local record = redis.call('HGET', KEYS[1], id)
  if record then all[#all + 1] = record end
end
return all
