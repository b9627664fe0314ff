-- ARGV: now, id, end of a visitor, data, id it moves from or '', fresh '0'|'1',
--       who or '', name by sub, name by sid or '', sub, issued at, end, began.
-- Returns the new generation, 'taken' or 'ended'.
local id, visitor_ends, data, from, fresh = ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6] == '1'
local session = key('session', id)
if redis.call('EXISTS', session) == 1 then
  return 'taken'
end

local old = {}
if from ~= '' then
  -- `moving` holds the end that the session had before it lost its id.
  old = redis.call('HMGET', key('session', from), 'moving', 'ends', 'generation', 'who', 'by_sub', 'by_sid', 'sub', 'issued_at')
  if old[1] then
    take(from)
  end
  if not old[1] or tonumber(old[2]) <= now then
    old = {}
  end
end

local who, by_sub, by_sid, sub, issued_at, ends = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11], ARGV[12]
local generation = 1
if who == '' then
  redis.call('HSET', session, 'data', data, 'generation', 1, 'ends', visitor_ends)
  sweep_after(session, visitor_ends)
  return 1
end
if fresh then
  if ended_first(by_sub, by_sid, tonumber(issued_at), tonumber(ARGV[13])) then
    return 'ended'
  end
else
  -- Not a new sign-in: the same one under a new id. That is only so while the old one has not ended.
  if not old[1] then
    return 'ended'
  end
  ends, generation, who = old[1], tonumber(old[3]) + 1, old[4]
  by_sub, by_sid, sub, issued_at = old[5], old[6], old[7], old[8]
end
redis.call('HSET', session, 'data', data, 'generation', generation, 'ends', ends, 'who', who,
  'by_sub', by_sub, 'by_sid', by_sid, 'sub', sub, 'issued_at', issued_at)
sweep_after(session, tonumber(ends))
index(id, by_sub, by_sid, tonumber(ends))
return generation
