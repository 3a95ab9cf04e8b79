-- Enqueue: finds deliveries to be duplicates, or stores and schedules them; several at a time, in order, as if each came alone.
-- KEYS[1]  due     KEYS[2]  waiting     KEYS[3]  numbers     KEYS[4]  projects
--          then, for each delivery, idempotency:<digest>, content:<digest>, touched:<project>   (the first two are not used if it has none)
--          then, for each delivery, mailbox:<subject>, deliveries:<subject>
-- ARGV[1]  the time of the bot, ms                        ARGV[2]  most deliveries that may wait, 0 for any number
-- ARGV[3]  how exactly it is known when a project had its last delivery, ms                ARGV[4]  most projects
--          then, for each delivery,
--          +1 issue         +2 delivery without its time: "<length of its id> <id><body>"         +3 delay, ms
--          +4 how long the key suppresses repeats, ms; 0 if the delivery has none                 +5 the same of the meaning
-- Result: {1 stored, 0 duplicate, -1 too many wait; for each delivery}
local now = clock(KEYS[3], ARGV[1])
local at = string.format('%d', now) -- written several times, and Redis is slow at writing numbers
local deliveries = (#ARGV - 4) / 5
local boxes = 4 + 3 * deliveries -- behind these keys

-- What suppresses repeats is read at once, added to here, and written last. The time 0 suppresses nothing.
local since = redis.call('MGET', unpack(KEYS, 5, boxes))
local added, order = {}, {}
local function known(k, keep)
  local from = added[KEYS[k]] or since[k - 4]
  return from and from + keep > now
end
local function remember(k, keep)
  if keep == '0' then return end
  added[KEYS[k]] = at
  order[#order + 1] = k
  order[#order + 1] = keep
end

local room
if ARGV[2] ~= '0' then
  local numbers = redis.call('HMGET', KEYS[3], 'seq', 'gone')
  room = ARGV[2] - ((numbers[1] or 0) - (numbers[2] or 0))
end
local result, stored, touched = {}, 0, {}
for i = 1, deliveries do
  local a, k = 5 * i - 1, 3 * i + 2
  if known(k, ARGV[a + 4]) then
    result[i] = 0
  elseif known(k + 1, ARGV[a + 5]) then
    result[i] = 0
    remember(k, ARGV[a + 4])
  elseif room and stored >= room then
    result[i] = -1
  else
    result[i], stored = 1, stored + 1
    if not known(k + 2, ARGV[3]) then
      touched[#touched + 1] = at
      touched[#touched + 1] = string.match(ARGV[a + 1], '^%d+')
      remember(k + 2, ARGV[3])
    end
    remember(k + 1, ARGV[a + 5])
    remember(k, ARGV[a + 4])
  end
end

if stored > 0 then
  local boxed, issues, due = {}, {}, {}
  for i = 1, deliveries do
    if result[i] == 1 then
      local a, box_key = 5 * i - 1, KEYS[boxes + 2 * i - 1]
      issues[#issues + 1] = ARGV[a + 1]

      local box = boxed[box_key] or redis.call('HMGET', box_key, 'token', 'delayed', 'due', 'wake')
      local first = now + ARGV[a + 3]
      if not box[1] and not box[2] and (not box[3] or first < tonumber(box[3])) then
        box[3] = string.format('%d', first)
        boxed[box_key] = box
        due[#due + 1] = box[4] and tonumber(box[4]) < first and box[4] or box[3]
        due[#due + 1] = ARGV[a + 1]
      end
    end
  end

  -- First what may be repeated. An issue that is due without a delivery is claimed for nothing, once.
  if touched[1] then
    redis.call('ZADD', KEYS[4], unpack(touched))
    redis.call('ZREMRANGEBYRANK', KEYS[4], 0, -1 - ARGV[4])
  end
  redis.call('SADD', KEYS[2], unpack(issues))
  if due[1] then redis.call('ZADD', KEYS[1], unpack(due)) end
  for box_key, box in pairs(boxed) do redis.call('HSET', box_key, 'due', box[3]) end
  if order[1] then redis.call('SET', KEYS[order[1]], 0, 'PX', order[2]) end

  -- Then the deliveries, with commands that went through above.
  local seq = tonumber(redis.call('HGET', KEYS[3], 'seq') or 0)
  local numbers = {'seq', string.format('%d', seq + stored)}
  if seq == 0 then numbers[3], numbers[4] = 'began', at end
  redis.call('HSET', KEYS[3], unpack(numbers))
  for i = 1, deliveries do
    if result[i] == 1 then
      seq = seq + 1
      redis.call('HSET', KEYS[boxes + 2 * i], string.format('%d', seq), at .. ' ' .. ARGV[5 * i + 1])
    end
  end
end
for i = 1, #order, 2 do redis.call('SET', KEYS[order[i]], at, 'PX', order[i + 1]) end
return result
