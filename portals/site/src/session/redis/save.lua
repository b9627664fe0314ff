-- ARGV: now, id, end of a visitor, data, generation of the copy, fresh '0'|'1',
--       who or '', name by sub, name by sid or '', sub, issued at, end, began.
-- Returns 'saved', 'gone' or 'ended'.
local id, visitor_ends, data, fresh, who = ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[6] == '1', ARGV[7]
local session = key('session', id)
local kept = redis.call('HMGET', session, 'ends', 'moving', 'generation', 'who', 'by_sub', 'by_sid')
-- Rule 1: what is not there stays away.
if not kept[1] or kept[2] or tonumber(kept[1]) <= now then
  return 'gone'
end
local current, generation = kept[3] == ARGV[5], tonumber(kept[3])

if current and who == '' and kept[4] then
  unindex(id, kept[5], kept[6])
  redis.call('HDEL', session, 'who', 'by_sub', 'by_sid', 'sub', 'issued_at')
  redis.call('HSET', session, 'generation', generation + 1)
  kept[4] = false
elseif current and fresh and who ~= '' and who ~= kept[4] then
  local by_sub, by_sid, sub, issued_at, ends = ARGV[8], ARGV[9], ARGV[10], ARGV[11], ARGV[12]
  if ended_first(by_sub, by_sid, tonumber(issued_at), tonumber(ARGV[13])) then
    return 'ended'
  end
  if kept[4] then
    unindex(id, kept[5], kept[6])
  end
  redis.call('HSET', session, 'generation', generation + 1, 'ends', ends, 'who', who,
    'by_sub', by_sub, 'by_sid', by_sid, 'sub', sub, 'issued_at', issued_at)
  sweep_after(session, tonumber(ends))
  index(id, by_sub, by_sid, tonumber(ends))
  kept[4] = who
end

redis.call('HSET', session, 'data', data)
if not kept[4] then
  redis.call('HSET', session, 'ends', visitor_ends)
  sweep_after(session, visitor_ends)
end
return 'saved'
