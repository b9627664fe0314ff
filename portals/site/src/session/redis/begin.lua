-- ARGV: now, purpose, state, browser, what, life, most of one browser, most in all.
local purpose, state, browser = ARGV[2], ARGV[3], ARGV[4]
local life, most_of_one, most = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local all, own = prefix .. 'begun-all:' .. purpose, prefix .. 'begun-by:' .. purpose .. ':' .. browser

local function forget(old)
  local entry = key('begun:' .. purpose, old)
  local by = redis.call('HGET', entry, 'browser')
  redis.call('DEL', entry)
  redis.call('ZREM', all, old)
  if by then
    redis.call('ZREM', prefix .. 'begun-by:' .. purpose .. ':' .. by, old)
  end
  redis.call('ZREM', own, old)
end

for _, old in ipairs(redis.call('ZRANGEBYSCORE', all, '-inf', now - life, 'LIMIT', 0, 200)) do
  forget(old)
end
while redis.call('ZCARD', own) >= most_of_one do
  forget(redis.call('ZRANGE', own, 0, 0)[1])
end
while redis.call('ZCARD', all) >= most do
  forget(redis.call('ZRANGE', all, 0, 0)[1])
end

local entry = key('begun:' .. purpose, state)
redis.call('HSET', entry, 'browser', browser, 'at', now, 'what', ARGV[5])
redis.call('ZADD', all, now, state)
redis.call('ZADD', own, now, state)
for _, name in ipairs({entry, all, own}) do
  redis.call('PEXPIRE', name, life + MARGIN)
end
return 1
