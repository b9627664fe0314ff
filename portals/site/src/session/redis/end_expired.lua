-- ARGV: now. A bounded number at a time: nobody should wait for others' sessions.
for _, id in ipairs(redis.call('ZRANGEBYSCORE', prefix .. 'alive', '-inf', now, 'LIMIT', 0, 200)) do
  -- A session that never got its new id was announced when it lost the old one.
  if redis.call('HEXISTS', key('session', id), 'moving') == 1 then
    take(id)
  else
    finish(id, 'expired')
  end
end
redis.call('ZREMRANGEBYSCORE', prefix .. 'people', '-inf', now)
return 1
