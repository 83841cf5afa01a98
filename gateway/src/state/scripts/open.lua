-- Makes an answer known before its first event, and its message with it, unless that message has an answer already.
-- KEYS: the answer, its lease and, when the message has an id, the message.
-- ARGV: answer id, owner, epoch, connection, fingerprint, milliseconds that the lease and the answer last, and the id of an
-- answer that this one may replace.
-- Returns nothing, or the id and the fingerprint that the message has.
if KEYS[3] then
  local known = redis.call('HMGET', KEYS[3], 'answer', 'fingerprint')
  if known[1] and known[1] ~= ARGV[8] then return known end
  redis.call('HSET', KEYS[3], 'answer', ARGV[1], 'fingerprint', ARGV[5])
  redis.call('PEXPIRE', KEYS[3], ARGV[7])
end
redis.call('HSET', KEYS[1], 'owner', ARGV[2], 'epoch', ARGV[3], 'connection', ARGV[4])
if KEYS[3] then redis.call('HSET', KEYS[1], 'message', KEYS[3]) end
redis.call('PEXPIRE', KEYS[1], ARGV[7])
redis.call('SET', KEYS[2], 1, 'PX', ARGV[6])
return {}
