#!lua
-- probe: calls every command that the other scripts call, on keys that nothing else reads, and looks at the keys that
-- they share: where Redis would refuse a draw, for want of memory, of replicas, of a disk or of a right, or because a key
-- is not ours, it refuses this, too.
--
-- KEYS    scratch scratch_stream scratch_set prizes taken pending outbox
-- ARGV    expires_at
--         per field: field
--   expires_at  seconds, when the keys may go
-- RETURNS 'OK'
-- WRITES  scratch scratch_stream scratch_set
-- COST    O(1)

local scratch, scratch_stream, scratch_set, prizes, taken, pending, outbox =
  KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local expires_at = ARGV[1]
local call = redis.call

for at = 2, #ARGV do
  call('HSET', scratch, ARGV[at], expires_at)
  call('HSETNX', scratch, ARGV[at], expires_at)
  call('HGET', scratch, ARGV[at])
  call('HMGET', scratch, ARGV[at])
  call('HEXISTS', scratch, ARGV[at])
  call('HINCRBY', scratch, ARGV[at], 1)
  call('HDEL', scratch, ARGV[at])
end
call('HLEN', scratch)
call('HKEYS', scratch)
local entry = call('XADD', scratch_stream, '*', 'probe', expires_at)
call('XRANGE', scratch_stream, entry, entry)
call('XDEL', scratch_stream, entry)
call('XLEN', scratch_stream)
call('EXPIREAT', scratch_stream, expires_at)
call('ZADD', scratch_set, expires_at, 'probe')
call('ZSCORE', scratch_set, 'probe')
call('ZRANGEBYSCORE', scratch_set, '-inf', expires_at, 'LIMIT', 0, 1)
call('ZREM', scratch_set, 'probe')
redis.pcall('INFO', 'replication') -- which a server can do without
call('HLEN', prizes)
call('HLEN', taken)
call('HLEN', pending)
-- A range from the end to the beginning is empty.
call('XRANGE', outbox, '+', '-')
return 'OK'
