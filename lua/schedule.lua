#!lua
-- schedule: puts the winning moments of a campaign in force: those that no result in Postgres claims. One that is claimed here
-- stays so, since its row may be under way, unless its win has come to nothing.
--
-- KEYS    prizes moments taken
-- ARGV    version given_up hashes
--         per moment: moment at
--   version   of the prizes that were read together with these moments; older ones than those in force change nothing
--   given_up  id of a moment whose claim has come to nothing, or empty
--   hashes    empty where no day has a log; else JSON: day → hash of its moments, as the line of a log has it
--   moment    prize id, a slash, id      at  milliseconds
-- RETURNS how many are not claimed; stale, and nothing is written, where a newer table is in force
-- WRITES  moments prizes taken
-- COST    O(moments)

local prizes, moments, taken = KEYS[1], KEYS[2], KEYS[3]
local version, given_up, hashes = ARGV[1], ARGV[2], ARGV[3]
local call = redis.call

if tonumber(version) < tonumber(call('HGET', prizes, 'version') or 0) then
  return 'stale'
end

local listed = {}
local open = 0
for at = 4, #ARGV, 2 do
  local moment, due = ARGV[at], ARGV[at + 1]
  listed[moment] = true
  local standing = call('ZSCORE', moments, moment)
  local is_claimed = standing == 'inf' and (given_up == '' or string.match(moment, '/(%d+)$') ~= given_up)
  if not is_claimed then
    open = open + 1
    if standing ~= due then
      call('ZADD', moments, due, moment)
    end
  end
end
-- What is not listed was claimed for good, or is gone.
for _, moment in ipairs(call('ZRANGEBYSCORE', moments, '-inf', '+inf')) do
  if not listed[moment] then
    call('ZREM', moments, moment)
  end
end
if hashes ~= '' then
  call('HSET', prizes, 'moments', hashes)
  call('HDEL', taken, '@told') -- so that the next line of the log names them
end
return open
