-- ARGV: now, id, generation, who, end. Returns 1, or 0 when the session ended or changed meanwhile.
local id, ends = ARGV[2], tonumber(ARGV[5])
local session = key('session', id)
local kept = redis.call('HMGET', session, 'ends', 'moving', 'generation', 'who', 'by_sub', 'by_sid')
if not kept[1] or kept[2] or tonumber(kept[1]) <= now or kept[3] ~= ARGV[3] or not kept[4] then
  return 0
end
redis.call('HSET', session, 'generation', tonumber(kept[3]) + 1, 'who', ARGV[4], 'ends', ends)
sweep_after(session, ends)
index(id, kept[5], kept[6], ends)
return 1
