-- ARGV: now, id, how long the session may be without one.
-- Takes the id from a session: nobody can use it, a logout still finds it, and a new id may continue it.
local id = ARGV[2]
local session = key('session', id)
local kept = redis.call('HMGET', session, 'who', 'moving', 'ends')
if not kept[1] then
  return redis.call('DEL', session)
end
if not kept[2] then
  local ends = math.min(tonumber(kept[3]), now + tonumber(ARGV[3]))
  redis.call('HSET', session, 'moving', kept[3], 'ends', ends)
  redis.call('ZADD', prefix .. 'alive', ends, id)
  announce(id, 'replaced')
end
return 1
