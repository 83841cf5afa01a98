-- Reads the stream of a generation's kept answers.
-- KEYS: the stream. ARGV: id of the last answer that was read, most answers to return.
-- Returns the Redis's time in milliseconds, and for each answer its id, the milliseconds when it was added, and itself.
local time = redis.call('TIME')
local entries = redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', ARGV[2])
local answers = {}
for i, entry in ipairs(entries) do
  answers[i] = { entry[1], tonumber(string.match(entry[1], '^%d+')), entry[2][2] }
end
return { tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000), answers }
