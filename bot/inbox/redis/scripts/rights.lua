-- Rights: runs every command of the other scripts on a key that nothing else uses, and lists those that the user has no right to.
-- KEYS[1]  a key for this
-- Result: {command, ...}
local key, missing = KEYS[1], {}
for _, try in ipairs({
  {'TIME'},
  {'EXISTS', key}, {'TYPE', key}, {'MGET', key},
  {'HGET', key, 'f'}, {'HGETALL', key}, {'HLEN', key}, {'HMGET', key, 'f'},
  {'LINDEX', key, 0}, {'LLEN', key}, {'LRANGE', key, 0, 0},
  {'ZCARD', key}, {'ZCOUNT', key, 0, 0}, {'ZRANGE', key, 0, 0}, {'ZREVRANGE', key, 0, 0},
  {'HSET', key, 'f', 0}, {'HINCRBY', key, 'f', 0}, {'HDEL', key, 'f'},
  {'LPUSH', key, 'm'}, {'LREM', key, 0, 'm'}, {'RPOP', key},
  {'SADD', key, 'm'}, {'SCARD', key}, {'SREM', key, 'm'},
  {'ZADD', key, 0, 'm'}, {'ZREM', key, 'm'}, {'ZREMRANGEBYRANK', key, 0, 0},
  {'SET', key, '', 'PX', 1000}, {'PEXPIRE', key, 1000}, {'DEL', key},
}) do
  local result = redis.pcall(unpack(try))
  local problem = type(result) == 'table' and result.err
  -- Servers say it in different words. A key of another type is none of them: the right to run the command comes first.
  for _, words in ipairs({'NOPERM', "can't run this command", 'no permissions to run', 'Unknown Redis command'}) do
    if problem and string.find(problem, words, 1, true) then
      missing[#missing + 1] = try[1]
      break
    end
  end
end
return missing
