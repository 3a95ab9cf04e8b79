-- Drop: forgets a dead letter.
-- KEYS[1]  letter:<issue>    KEYS[2]  lettered:<issue>   KEYS[3]  dead
-- ARGV[1]  issue
-- Result: 1, or 0 if there is no such letter
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('DEL', KEYS[2], KEYS[1])
return 1
