-- ARGV: now, id, why. Returns 1, or 0 when there was no such session.
return finish(ARGV[2], ARGV[3]) and 1 or 0
