-- DeadLetters: lists the newest dead letters. Their keys are made from KEYS[2] and KEYS[3].
-- KEYS[1]  dead_letters          KEYS[2]  dead_letter:        KEYS[3]  dead_deliveries:
-- ARGV[1]  most letters to list, above 0
-- Result: {{issue, buried in ms, cause, attempts, woken or nil, record or nil, {seq, delivery, ...}}, ...}, the newest first
local all = {}
for _, issue in ipairs(redis.call('ZREVRANGE', KEYS[1], 0, ARGV[1] - 1)) do
  local letter = redis.call('HMGET', KEYS[2] .. issue, 'buried', 'cause', 'attempts', 'woken', 'record')
  if letter[1] then
    table.insert(all, {issue, letter[1], letter[2], letter[3], letter[4], letter[5], redis.call('HGETALL', KEYS[3] .. issue)})
  end
end
return all
