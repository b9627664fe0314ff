-- ARGV: now, id, holder. Gives a lease back, if it is still the holder's.
local lease = key('lease', ARGV[2])
if redis.call('GET', lease) == ARGV[3] then
  return redis.call('DEL', lease)
end
return 0
