-- KEYS: the answer, its stream. Returns owner, epoch, connection, how it ended and whether its events are there.
local known = redis.call('HMGET', KEYS[1], 'owner', 'epoch', 'connection', 'end')
if not known[1] then return {} end
return { known[1], known[2], known[3] or '', known[4] or '', tostring(redis.call('EXISTS', KEYS[2])) }
