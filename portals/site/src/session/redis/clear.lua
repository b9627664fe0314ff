-- ARGV: now, a pattern that all keys of this portal match. For lessons and tests: it walks through the whole database.
for _, id in ipairs(redis.call('ZRANGE', prefix .. 'alive', 0, -1)) do
  redis.call('PUBLISH', prefix .. 'endings', id .. ' replaced')
end
local cursor = '0'
repeat
  local page = redis.call('SCAN', cursor, 'MATCH', ARGV[2], 'COUNT', 1000)
  cursor = page[1]
  for _, name in ipairs(page[2]) do
    redis.call('DEL', name)
  end
until cursor == '0'
return 1
