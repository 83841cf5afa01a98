-- Forgets an answer that was not let in.
-- KEYS: as in open. ARGV: answer id.
if KEYS[3] and redis.call('HGET', KEYS[3], 'answer') == ARGV[1] then redis.call('DEL', KEYS[3]) end
return redis.call('DEL', KEYS[1], KEYS[2])
