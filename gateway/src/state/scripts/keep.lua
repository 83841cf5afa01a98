-- Adds a kept answer to the stream of its generation and leaves the newest.
-- KEYS: the stream. ARGV: the answer, most answers, milliseconds that an answer lasts.
redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[2], '*', 'a', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
