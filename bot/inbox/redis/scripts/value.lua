-- Stands between the shared part and the scripts about values.

-- current is a value, "" if there is none or it has expired.
local function current(key, now)
  local value = redis.call('HMGET', key, 'body', 'until')
  if value[1] and tonumber(value[2]) > now then return value[1] end
  return ''
end
