#!lua
-- recall: cuts numbers that a shard has not spent from the end of those that it may take, so that another shard can have them.
-- What was cut is noted until Postgres knows: whoever cuts next gives that back, too.
--
-- KEYS    counters taken_today log
-- ARGV    rights prize_id most count returned pool now
--   counters  taken, or that of a day: pool is all or day
--   log       of the day, if it has one: what is cut is a line of it; now in milliseconds
--   rights    the name of the numbers
--   most      numbers beyond it are left; -1: none
--   count     of the numbers to be cut, at most
--   returned  ranges that Postgres knows to be free, comma-separated; they are noted no longer
-- RETURNS the ranges that are cut and not returned, comma-separated; stale, and nothing is written, where the numbers have
--         another name
-- WRITES  counters taken_today log
-- COST    O(ranges)

local counters, taken_today, log = KEYS[1], KEYS[2], KEYS[3]
local rights, prize_id, most, count, returned, pool, now = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
most, count = tonumber(most), tonumber(count)
local call = redis.call
local RIGHTS, UNITS_OF, CUT_OF = '@rights', '@r:', '@c:' -- draw.lua has the first two, too

local standing, text, noted = unpack(call('HMGET', counters, RIGHTS, UNITS_OF .. prize_id, CUT_OF .. prize_id))
if standing ~= rights then
  return 'stale'
end
local granted, size, gone, list = string.match(text or '', '^(%d+) (%d+) (%d+) ?(.*)$')
local ranges, cut = {}, {}
local is_returned = {}
for range in string.gmatch(returned, '[^,]+') do
  is_returned[range] = true
end
for range in string.gmatch(noted or '', '[^,]+') do
  if not is_returned[range] then
    cut[#cut + 1] = range
  end
end

for first, last in string.gmatch(list or '', '(%d+)%-(%d+)') do
  ranges[#ranges + 1] = { tonumber(first), tonumber(last) }
end
local left, lines = {}, {}
for at = #ranges, 1, -1 do
  local first, last = ranges[at][1], ranges[at][2]
  local top = most < 0 and last or math.min(last, most)
  local from = math.max(first, top - count + 1)
  if count > 0 and from <= top then
    count = count - (top - from + 1)
    cut[#cut + 1] = string.format('%d-%d', from, top)
    lines[#lines + 1] = string.format('L\t%s\t%s\t%d\t%d', prize_id, pool, first, from - 1)
    if top < last then
      lines[#lines + 1] = string.format('L\t%s\t%s\t%d\t%d', prize_id, pool, top + 1, last)
    end
    if top < last then
      table.insert(left, 1, string.format('%d-%d', top + 1, last))
    end
    if first < from then
      table.insert(left, 1, string.format('%d-%d', first, from - 1))
    end
  else
    table.insert(left, 1, string.format('%d-%d', first, last))
  end
end
if granted then
  call('HSET', counters, UNITS_OF .. prize_id, string.format('%s %s %s %s', granted, size, gone, table.concat(left, ',')))
end
if #cut > 0 then
  call('HSET', counters, CUT_OF .. prize_id, table.concat(cut, ','))
else
  call('HDEL', counters, CUT_OF .. prize_id)
end
-- As line.lua.
local seq = tonumber(call('HGET', taken_today, '@log') or '')
if seq and #lines > 0 then
  for n, line in ipairs(lines) do
    lines[n] = string.format('%d\t%s\t%s', seq + n - 1, now, line)
  end
  call('HSET', taken_today, '@log', seq + #lines)
  call('XADD', log, string.format('%d-0', seq + #lines), 'lines', table.concat(lines, '\n'))
end
return table.concat(cut, ',')
