#!lua
-- probe: does what the other scripts do, on keys that nothing else reads: where Redis would refuse a draw, for want of
-- memory, of replicas, of a disk or of a right, it refuses this, too.
--
-- KEYS    scratch scratch_stream
-- ARGV    expires_at
--         per field: field
--   expires_at  seconds, when the keys may go
-- RETURNS 'OK'
-- WRITES  scratch scratch_stream
-- COST    O(1)

local scratch, scratch_stream = KEYS[1], KEYS[2]
local expires_at = ARGV[1]
local call = redis.call

for at = 2, #ARGV do
  call('HSET', scratch, ARGV[at], expires_at)
  call('HGET', scratch, ARGV[at])
  call('HMGET', scratch, ARGV[at])
  call('HDEL', scratch, ARGV[at])
end
call('HLEN', scratch)
local entry = call('XADD', scratch_stream, '*', 'probe', expires_at)
call('XRANGE', scratch_stream, entry, entry)
call('XDEL', scratch_stream, entry)
call('EXPIREAT', scratch_stream, expires_at)
call('INFO', 'replication')
return 'OK'
