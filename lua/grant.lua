#!lua
-- grant: adds numbers of units to those that a shard may take, once.
--
-- KEYS    counters
-- ARGV    rights prize_id granted
--         per stretch: first last
--   counters  taken, or that of a day
--   rights    the name of the numbers that Postgres granted them for
--   granted   which grant it is
-- RETURNS OK; known, where it is there already; stale, where the numbers have another name or a grant before it is missing. Only
--         with OK something is written
-- WRITES  counters
-- COST    O(stretches and ranges)

local counters = KEYS[1]
local rights, prize_id, granted = ARGV[1], ARGV[2], ARGV[3]
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
for at = 4, #ARGV, 2 do
  local first, last = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  ranges[#ranges + 1] = { first, last }
  size = size + last - first + 1
end
table.sort(ranges, function(one, other)
  return one[1] < other[1]
end)
local texts = {}
for n, range in ipairs(ranges) do
  texts[n] = string.format('%d-%d', range[1], range[2])
end
call('HSET', counters, UNITS_OF .. prize_id, string.format('%s %d 0 %s', granted, size, table.concat(texts, ',')))
return 'OK'
