#!lua
-- grant: adds numbers of units to those that a shard may take, once; or notes that none is left on any shard, or that this is so no
-- longer.
--
-- KEYS    counters
-- ARGV    rights prize_id granted gone
--         per stretch: first last
--   counters  taken, or that of a day
--   rights    the name of the numbers that Postgres granted them for; empty where numbers came back
--   granted   which grant it is; where there is no stretch, the grants that were known when all were gone
--   gone      up to this number none is left; 0 where there are stretches, and where numbers came back
-- RETURNS OK; known, where it is there already, or numbers that can go have come meanwhile; stale, where the numbers have
--         another name or a grant before it is missing. Only with OK something is written
-- WRITES  counters
-- COST    O(stretches and ranges)

local counters = KEYS[1]
local rights, prize_id, granted, gone = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
granted, gone = tonumber(granted), tonumber(gone)
local call = redis.call
local RIGHTS, UNITS_OF = '@rights', '@r:' -- draw.lua has them, too

local standing, text = unpack(call('HMGET', counters, RIGHTS, UNITS_OF .. prize_id))
if standing ~= rights and rights ~= '' then
  return 'stale'
end
local known, size, gone_before, list = string.match(text or '', '^(%d+) (%d+) (%d+) ?(.*)$')
known = tonumber(known or 0)
local ranges = {}
for first, last in string.gmatch(list or '', '(%d+)%-(%d+)') do
  ranges[#ranges + 1] = { tonumber(first), tonumber(last) }
end

if rights == '' then
  granted = known
elseif #ARGV == 4 then
  if known ~= granted or (ranges[1] and ranges[1][1] <= gone) then
    return 'known'
  end
  gone = math.max(gone, tonumber(gone_before or 0))
else
  if known >= granted then
    return 'known'
  elseif known + 1 < granted then
    return 'stale'
  end
  size = 0
  for at = 5, #ARGV, 2 do
    local first, last = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
    ranges[#ranges + 1] = { first, last }
    size = size + last - first + 1
  end
  table.sort(ranges, function(one, other)
    return one[1] < other[1]
  end)
end

local texts = {}
for n, range in ipairs(ranges) do
  texts[n] = string.format('%d-%d', range[1], range[2])
end
call('HSET', counters, UNITS_OF .. prize_id, string.format('%d %d %d %s', granted, size or 0, gone, table.concat(texts, ',')))
return 'OK'
