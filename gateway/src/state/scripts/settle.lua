-- Gives back what an answer did not cost, or adds what it cost beyond what was taken.
-- KEYS: as in reserve. ARGV: cost less what was taken, and how long each key lasts, in seconds.
-- Returns what all spent in the day and the month.
local change, spent = tonumber(ARGV[1]), {}
for i, key in ipairs(KEYS) do
  local before = tonumber(redis.call('GET', key) or 0)
  spent[i] = math.max(before + change, 0)
  if spent[i] ~= before then
    redis.call('SET', key, string.format('%.0f', spent[i]), 'EX', ARGV[1 + i])
  end
end
return { spent[1], spent[2] }
