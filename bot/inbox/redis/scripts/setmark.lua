-- SetMark: sets a mark, or forgets it.
-- KEYS[1]  mark:<name>   KEYS[2]  numbers
-- ARGV[1]  the time of the bot, ms
-- ARGV[2]  the value, "" to forget the mark              ARGV[3]  how long it is kept, ms
-- Result: 1
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
  return 1
end
redis.call('HSET', KEYS[1], 'body', ARGV[2], 'until', clock(KEYS[2], ARGV[1]) + ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
