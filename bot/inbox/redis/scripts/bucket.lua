-- Stands between the shared part and the scripts about buckets.

-- level is what is in a bucket by now, nil if nothing is known of it. It is rounded a little up, so that who waited as long as told
-- is not turned away for the last bit of a number.
local function level(key, now, rate, burst)
  local bucket = redis.call('HMGET', key, 'left', 'at')
  if not bucket[1] then return nil end
  local since = math.max(0, now - bucket[2])
  return math.min(burst, bucket[1] + since * rate / 1000 + 0.000001)
end
