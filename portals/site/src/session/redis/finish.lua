-- ARGV: now, purpose, state, browser, life. Returns what that browser began under that state, or false. Works once.
local purpose, state, browser = ARGV[2], ARGV[3], ARGV[4]
local entry = key('begun:' .. purpose, state)
local kept = redis.call('HMGET', entry, 'browser', 'at', 'what')
if kept[1] ~= browser or now - tonumber(kept[2]) >= tonumber(ARGV[5]) then
  return false
end
redis.call('DEL', entry)
redis.call('ZREM', prefix .. 'begun-all:' .. purpose, state)
redis.call('ZREM', prefix .. 'begun-by:' .. purpose .. ':' .. browser, state)
return kept[3]
