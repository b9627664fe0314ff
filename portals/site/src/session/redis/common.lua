-- What all scripts share. Redis runs a script as a whole: nothing happens in between, and nothing is half done.
--
-- KEYS[1] is the beginning of all keys of this portal. It has a hash tag, so all of them lie in one slot, and a
-- script may touch them all, on Redis Cluster too. ARGV[1] is the time of the portal, in milliseconds: a lesson can
-- move it, so what a record says about its end is judged by it, and Redis' own expiry only sweeps up.
local prefix, now = KEYS[1], tonumber(ARGV[1])
local MARGIN, LAST_WORDS = 3600000, 600000

local function key(kind, name)
  return prefix .. kind .. ':' .. name
end

-- Lets Redis delete a key well after its end by the portal's clock.
local function sweep_after(name, ends)
  local left = ends - now + MARGIN
  if redis.call('PTTL', name) < left then
    redis.call('PEXPIRE', name, left)
  end
end

-- Puts a session's person into the indexes. `by_sub` and `by_sid` are the names there; '' is none.
local function index(id, by_sub, by_sid, ends)
  redis.call('ZADD', prefix .. 'alive', ends, id)
  local before = redis.call('ZSCORE', prefix .. 'people', by_sub)
  if not before or tonumber(before) < ends then
    redis.call('ZADD', prefix .. 'people', ends, by_sub)
  end
  redis.call('SADD', key('sub', by_sub), id)
  sweep_after(key('sub', by_sub), ends)
  if by_sid ~= '' then
    redis.call('SADD', key('sid', by_sid), id)
    sweep_after(key('sid', by_sid), ends)
  end
end

local function unindex(id, by_sub, by_sid)
  redis.call('ZREM', prefix .. 'alive', id)
  redis.call('SREM', key('sub', by_sub), id)
  if redis.call('EXISTS', key('sub', by_sub)) == 0 then
    redis.call('ZREM', prefix .. 'people', by_sub)
  end
  if by_sid ~= '' then
    redis.call('SREM', key('sid', by_sid), id)
  end
end

-- Deletes a session. nil: there was none. true: somebody was signed in.
local function take(id)
  local session = key('session', id)
  local kept = redis.call('HMGET', session, 'by_sub', 'by_sid')
  if redis.call('DEL', session) == 0 then
    redis.call('ZREM', prefix .. 'alive', id)
    return nil
  end
  if not kept[1] then
    return false
  end
  unindex(id, kept[1], kept[2])
  return true
end

-- Remembers why a session ended, and tells every replica.
local function announce(id, ending)
  local words = key('said', id)
  redis.call('HSET', words, 'ending', ending, 'until', now + LAST_WORDS)
  redis.call('PEXPIRE', words, LAST_WORDS + MARGIN)
  redis.call('PUBLISH', prefix .. 'endings', id .. ' ' .. ending)
end

-- Ends a session. false: there was none.
local function finish(id, ending)
  local somebody = take(id)
  if somebody then
    announce(id, ending)
  end
  return somebody ~= nil
end

-- Whether a logout came before this session (rule 3). Times of the provider are compared with each other only.
-- By `sid` it is the beginning at the provider that counts: a code may be redeemed while its session is being ended.
local function ended_first(by_sub, by_sid, issued_at, began)
  if by_sid ~= '' then
    local stone = redis.call('HMGET', key('stone-sid', by_sid), 'issued_at', 'until')
    if stone[1] and tonumber(stone[2]) > now and began <= tonumber(stone[1]) then
      return true
    end
  end
  local stone = redis.call('HMGET', key('stone-sub', by_sub), 'issued_at', 'until')
  return stone[1] and tonumber(stone[2]) > now and issued_at < tonumber(stone[1])
end
