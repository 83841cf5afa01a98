-- Reads an answer's stream, says that it is read, and ends it when its writer is gone and the reader has made sure of that.
-- KEYS: the answer, its lease, its stream, its readers elsewhere. ARGV: number of the last event that was read, most events to
-- return, milliseconds that a reader counts, 1 when a lost lease ends the answer, the event that then ends it, milliseconds
-- that the stream lasts, and the answer's id. The message of an answer that is ended so may be asked anew.
-- Returns whether the answer is known, has a writer, has ended, and the events.
local known = redis.call('HMGET', KEYS[1], 'owner', 'end')
if not known[1] then return { 0, 0, 0, {} } end
redis.call('SET', KEYS[4], 1, 'PX', ARGV[3])
local first = string.format('%.0f-0', tonumber(ARGV[1]) + 1)
local entries = redis.call('XRANGE', KEYS[3], first, '+', 'COUNT', ARGV[2])
local lives = redis.call('EXISTS', KEYS[2])
if #entries == 0 and ARGV[4] == '1' and lives == 0 and not known[2] then
  local tail = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)
  local last = tail[1] and tonumber(string.match(tail[1][1], '^%d+')) or 0
  redis.call('XADD', KEYS[3], string.format('%.0f-0', last + 1), 'e', ARGV[5])
  redis.call('PEXPIRE', KEYS[3], ARGV[6])
  redis.call('HSET', KEYS[1], 'end', 'failed')
  local message = redis.call('HGET', KEYS[1], 'message')
  if message and redis.call('HGET', message, 'answer') == ARGV[7] then redis.call('DEL', message) end
  entries = redis.call('XRANGE', KEYS[3], first, '+', 'COUNT', ARGV[2])
  known[2] = 'failed'
end
local events = {}
for i, entry in ipairs(entries) do events[i] = entry[2][2] end
return { 1, lives, known[2] and 1 or 0, events }
