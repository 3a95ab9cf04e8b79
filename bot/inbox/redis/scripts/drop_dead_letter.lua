-- DropDeadLetter: forgets a dead letter.
-- KEYS[1]  dead_letter:<subject>    KEYS[2]  dead_deliveries:<subject>   KEYS[3]  dead_letters
-- ARGV[1]  issue
-- Result: 1, or 0 if there is no such letter
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('DEL', KEYS[2], KEYS[1])
return 1
