-- Requeue: frees the issue as if it had not been claimed. What made it claimable still does: its due time or its wake-up has passed.
-- KEYS[1]  mailbox:<subject>   KEYS[2]  due    KEYS[3]  leases
-- ARGV[1]  issue         ARGV[2]  token         ARGV[3]  attempts before this one
-- Result: 1, or 0 if the lease is lost
if not held(KEYS[1], ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'attempt', ARGV[3])
free(KEYS[2], KEYS[3], KEYS[1], ARGV[1])
return 1
