-- Claim: leases the most overdue issue, if one is due. Which one is known only here, so its keys are made from KEYS[4] to KEYS[6];
-- their hash tag keeps them on this node.
-- KEYS[1]  due           KEYS[2]  leases         KEYS[3]  numbers
-- KEYS[4]  mailbox:          KEYS[5]  deliveries:          KEYS[6]  memory:
-- ARGV[1]  the time of the bot, ms
-- ARGV[2]  length of the lease, ms
-- Result: {ms until the next issue is due}, -1 if there is none; or
--         {0, issue, token, until in ms, attempt, 1 if woken, cause or nil, memory or nil, {seq, delivery, ...},
--         when the store began in ms or nil, now in ms, 1 if the last lease ran out}
local now, micros = clock(KEYS[3], ARGV[1])
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if not first[1] then return {-1} end
local due = tonumber(first[2])
if due > now then return {due - now} end

local issue = first[1]
local box_key = KEYS[4] .. issue
local memory = redis.call('HMGET', KEYS[6] .. issue, 'until', 'body')
if not memory[1] or tonumber(memory[1]) <= now then memory[2] = false end
local mail = redis.call('HGETALL', KEYS[5] .. issue)
local box = redis.call('HMGET', box_key, 'wake', 'cause', 'attempt', 'revived', 'token')
local woken = 0
if box[1] and tonumber(box[1]) <= now then woken = 1 end

-- A token is at least the time in microseconds: one given before the store was emptied is not given again.
local numbers = redis.call('HMGET', KEYS[3], 'token', 'began')
local last = tonumber(numbers[1] or 0)
local token = string.format('%.0f', math.max(last + 1, now * 1000 + micros))
redis.call('HSET', KEYS[3], 'token', token)
local ends = now + ARGV[2]
local attempt = tonumber(box[3] or 0) + 1
redis.call('ZADD', KEYS[2], ends, issue)
if box[4] then redis.call('HDEL', box_key, 'revived') end
redis.call('ZADD', KEYS[1], ends, issue)
redis.call('HSET', box_key, 'token', token, 'until', ends, 'attempt', attempt)
return {0, issue, token, ends, attempt, woken, box[2], memory[2], mail, numbers[2], now, box[5] and 1 or 0}
