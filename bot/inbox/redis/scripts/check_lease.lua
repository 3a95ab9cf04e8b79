-- CheckLease: looks whether a lease is still held.
-- KEYS[1]  mailbox:<subject>
-- ARGV[1]  token
-- Result: 1, 0 if it is lost
return held(KEYS[1], ARGV[1]) and 1 or 0
