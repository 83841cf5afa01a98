-- Takes what one answer may cost from every cap; less, or nothing, where less is left.
-- KEYS: what was spent by all in the day and the month, by the key and by the visitor in the day.
-- ARGV: the most that is wanted, the cap of each key (0 lifts it), and how long each key lasts, in seconds.
-- Returns what was taken, and what all spent in the day and the month.
local amount, spent = tonumber(ARGV[1]), {}
for i, key in ipairs(KEYS) do
  local cap = tonumber(ARGV[1 + i])
  spent[i] = tonumber(redis.call('GET', key) or 0)
  if cap > 0 then amount = math.min(amount, math.max(cap - spent[i], 0)) end
end
if amount > 0 then
  for i, key in ipairs(KEYS) do
    redis.call('INCRBY', key, string.format('%.0f', amount))
    redis.call('EXPIRE', key, ARGV[5 + i])
  end
end
return { amount, spent[1] + amount, spent[2] + amount }
