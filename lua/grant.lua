#!lua
-- grant: adds numbers of units to those that a shard may take, once.
--
-- KEYS    counters taken_today log
-- ARGV    rights prize_id granted pool now
--         per stretch: first last
--   counters  taken, or that of a day: pool is all or day
--   log       of the day, if it has one: the numbers are lines of it; now in milliseconds
--   rights    the name of the numbers that Postgres granted them for
--   granted   which grant it is
-- RETURNS OK; known, where it is there already; stale, where the numbers have another name or a grant before it is missing. Only
--         with OK something is written
-- WRITES  counters taken_today log
-- COST    O(stretches and ranges)

local counters, taken_today, log = KEYS[1], KEYS[2], KEYS[3]
local rights, prize_id, granted, pool, now = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local call = redis.call
local RIGHTS, UNITS_OF = '@rights', '@r:' -- draw.lua has them, too

local standing, text = unpack(call('HMGET', counters, RIGHTS, UNITS_OF .. prize_id))
local known, list = string.match(text or '', '^(%d+) %d+ %d+ ?(.*)$')
known = tonumber(known or 0)
if standing ~= rights or known + 1 < tonumber(granted) then
  return 'stale'
elseif known >= tonumber(granted) then
  return 'known'
end

local ranges, size = {}, 0
for first, last in string.gmatch(list or '', '(%d+)-(%d+)') do
  ranges[#ranges + 1] = { tonumber(first), tonumber(last) }
end
local lines = {}
for at = 6, #ARGV, 2 do
  local first, last = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  ranges[#ranges + 1] = { first, last }
  size = size + last - first + 1
  lines[#lines + 1] = string.format('L\t%s\t%s\t%d\t%d', prize_id, pool, first, last)
end
table.sort(ranges, function(one, other)
  return one[1] < other[1]
end)
local texts = {}
for n, range in ipairs(ranges) do
  texts[n] = string.format('%d-%d', range[1], range[2])
end
call('HSET', counters, UNITS_OF .. prize_id, string.format('%s %d 0 %s', granted, size, table.concat(texts, ',')))

-- As line.lua.
local seq = tonumber(call('HGET', taken_today, '@log') or '')
if seq and #lines > 0 then
  for n, line in ipairs(lines) do
    lines[n] = string.format('%d\t%s\t%s', seq + n - 1, now, line)
  end
  call('HSET', taken_today, '@log', seq + #lines)
  call('XADD', log, string.format('%d-0', seq + #lines), 'lines', table.concat(lines, '\n'))
end
return 'OK'
