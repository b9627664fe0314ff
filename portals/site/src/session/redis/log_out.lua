-- ARGV: now, name of the token's id, until when it is remembered, 'sid'|'sub', name in that index,
--       sub of the token or '', issued at, end of the tombstone.
-- Returns how many sessions ended, 'replayed' or 'other-user'; with the last two, nothing has changed.
local jti, kind, name, sub, issued_at = key('jti', ARGV[2]), ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7])
local named = {}
for _, id in ipairs(redis.call('SMEMBERS', key(kind, name))) do
  local kept = redis.call('HMGET', key('session', id), 'ends', 'sub', 'issued_at')
  if kept[1] and tonumber(kept[1]) > now then
    if kind == 'sid' then
      if sub ~= '' and kept[2] ~= sub then
        return 'other-user'
      end
      named[#named + 1] = id
    elseif tonumber(kept[3]) <= issued_at then
      named[#named + 1] = id
    end
  end
end
local seen = redis.call('GET', jti)
if seen and tonumber(seen) > now then
  return 'replayed'
end

redis.call('SET', jti, ARGV[3])
sweep_after(jti, tonumber(ARGV[3]))
local stone, until_ = key('stone-' .. kind, name), tonumber(ARGV[8])
local before = redis.call('HMGET', stone, 'issued_at', 'until')
if before[1] and tonumber(before[2]) > now then
  issued_at = math.max(issued_at, tonumber(before[1]))
  until_ = math.max(until_, tonumber(before[2]))
end
redis.call('HSET', stone, 'issued_at', issued_at, 'until', until_)
sweep_after(stone, until_)
for _, id in ipairs(named) do
  finish(id, 'back-channel')
end
return #named
