#!lua
-- log: begins the log of a day, or says that it has none; after a loss it goes on above every number that can have been given.
--
-- KEYS    taken taken_today log
-- ARGV    epoch begun_in next_seq start now begins_at beacon
--   epoch     the name of the day's data, without a ?
--   begun_in  the name in which the log was begun, as Postgres has it; empty: the day has none
--   next_seq  the number after the last line that Postgres has    now, begins_at  milliseconds: the day begins
--   start     where it goes on after a loss: above every number that can have been given; empty: not known yet
--   beacon    as JSON: null, "used" or "missing"
-- RETURNS OK, the log goes on; none, the day has none. And where nothing is written, stale, the day's data have another name; lost, start is needed
-- WRITES  taken taken_today log
-- COST    O(1)

local taken, taken_today, log = KEYS[1], KEYS[2], KEYS[3]
local epoch, begun_in, next_seq, start, now, begins_at, beacon =
  ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local call = redis.call

local current, standing, log_of = unpack(call('HMGET', taken_today, '@epoch', '@log', '@log_of'))
if string.match(current or '', '[^?]*') ~= epoch then
  return 'stale'
elseif begun_in == '' then
  if not standing then
    call('HSET', taken_today, '@log', '-')
  end
  return 'none'
elseif standing == 'closed' or (tonumber(standing or '') and log_of == epoch) then
  return 'OK'
end

local drawn = tonumber(call('HGET', taken_today, '@draws') or 0)
-- Before the day begins nobody has drawn: what was lost had no lines.
local is_fresh = drawn == 0 and next_seq == '0' and (begun_in == epoch or tonumber(now) < tonumber(begins_at))
local seq = 0
if not is_fresh then
  if start == '' then
    return 'lost'
  end
  local from = math.max(tonumber(standing or '') or 0, tonumber(next_seq))
  seq = tonumber(start)
  call('XADD', log, string.format('%d-0', seq + 1), 'lines',
    string.format('%d\t%s\tG\t%d\t%d\t%s', seq, now, from, seq - 1, begun_in == epoch and 'drawn_before' or 'loss'))
  seq = seq + 1
end
call('HSET', taken_today, '@log', seq, '@log_of', epoch, '@kept', seq, '@beacon', beacon)
call('HDEL', taken, '@told')
return 'OK'
