#!lua
-- kept: lets the lines of a log go that Postgres has; or, where it has all of a day that is over, closes the log.
--
-- KEYS    taken_today log
-- ARGV    next_seq close
--         per entry: entry
--   next_seq  the number after the last line that Postgres has
--   entry     id of an entry of the log all of whose lines it has
--   close     1: nothing more is drawn on this day; else 0
-- RETURNS OK; closed, where the log takes no more lines; open, where it should be closed and lines are not kept yet
-- WRITES  taken_today log
-- COST    O(entries)

local taken_today, log = KEYS[1], KEYS[2]
local next_seq, close = ARGV[1], ARGV[2]
local call = redis.call

for at = 3, #ARGV do
  call('XDEL', log, ARGV[at])
end
-- Where the day's data are gone, nothing of it is decided any more.
local standing = call('HGET', taken_today, '@log')
local seq = tonumber(standing or '')
if seq and close == '0' then
  -- After a loss the numbers go on far above what Postgres has: those between don't wait.
  if tonumber(next_seq) > tonumber(call('HGET', taken_today, '@kept') or 0) then
    call('HSET', taken_today, '@kept', next_seq)
  end
elseif close == '1' then
  if call('XLEN', log) > 0 or (seq and seq > tonumber(next_seq)) then
    return 'open'
  end
  if seq then
    call('HSET', taken_today, '@log', 'closed')
  end
  call('EXPIREAT', log, 1)
  return 'closed'
end
return 'OK'
