-- Adds events to an answer's stream, each under its own number, and says that its writer lives.
-- KEYS: the answer, its lease, its stream, its wish to be stopped, its readers elsewhere and, when the message has an id, the
-- message. ARGV: answer id, owner, epoch, connection, milliseconds that the lease, the answer and the stream last, number of
-- the first event, how the answer ends with these events (or nothing), and the events.
-- Returns the last number before, and whether somebody else has ended it, wants it stopped, and reads it.
local tail = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)
local last = tail[1] and tonumber(string.match(tail[1][1], '^%d+')) or 0
if redis.call('HEXISTS', KEYS[1], 'end') == 1 then return { last, 1, 0, 0 } end
redis.call('HSET', KEYS[1], 'owner', ARGV[2], 'epoch', ARGV[3], 'connection', ARGV[4])
if KEYS[6] then redis.call('HSET', KEYS[1], 'message', KEYS[6]) end
redis.call('PEXPIRE', KEYS[1], ARGV[6])
redis.call('SET', KEYS[2], 1, 'PX', ARGV[5])
if last == tonumber(ARGV[8]) - 1 then
  for i = 10, #ARGV do
    redis.call('XADD', KEYS[3], string.format('%.0f-0', last + i - 9), 'e', ARGV[i])
  end
  if ARGV[9] ~= '' then
    redis.call('HSET', KEYS[1], 'end', ARGV[9])
    redis.call('DEL', KEYS[2])
    if KEYS[6] and redis.call('HGET', KEYS[6], 'answer') == ARGV[1] then
      if ARGV[9] == 'failed' then
        redis.call('DEL', KEYS[6])
      else
        redis.call('PEXPIRE', KEYS[6], ARGV[7])
      end
    end
  end
end
redis.call('PEXPIRE', KEYS[3], ARGV[7])
return { last, 0, redis.call('EXISTS', KEYS[4]), redis.call('EXISTS', KEYS[5]) }
