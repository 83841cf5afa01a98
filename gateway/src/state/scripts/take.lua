-- Takes one request from every bucket, or from none.
-- KEYS: one for each bucket. ARGV: for each bucket the interval and the period, in microseconds.
-- Returns for each bucket how long it would take to be full again with this request, in microseconds.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local resets, free = {}, true
for i, key in ipairs(KEYS) do
  local full = tonumber(redis.call('GET', key) or 0)
  resets[i] = math.max(full - now, 0) + tonumber(ARGV[2 * i - 1])
  free = free and resets[i] <= tonumber(ARGV[2 * i])
end
if free then
  for i, key in ipairs(KEYS) do
    local lasts = math.ceil(resets[i] / 1000)
    redis.call('SET', key, string.format('%.0f', now + resets[i]), 'PX', lasts)
  end
end
return resets
