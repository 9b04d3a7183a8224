#!lua
-- spare: numbers of units that came to nothing can be taken again: of a win that Postgres refused, or that Redis lost.
--
-- KEYS    counters prizes taken
-- ARGV    rights prize_id
--         per number: number
--   counters  taken, or that of a day
--   taken     where a log, if there is one, is to be told anew what can be taken
--   rights    the name of the numbers, where the campaign is on several shards; else empty
-- RETURNS how many are new among those that can be taken; stale, and nothing is written, where the numbers have another name:
--         then those without a row are installed again
-- WRITES  counters prizes taken
-- COST    O(numbers and ranges)

local counters, prizes, taken = KEYS[1], KEYS[2], KEYS[3]
local rights, prize_id = ARGV[1], ARGV[2]
local call = redis.call
local RIGHTS, UNITS_OF = '@rights', '@r:' -- draw.lua has them, too

local standing, text, counter = unpack(call('HMGET', counters, RIGHTS, UNITS_OF .. prize_id, prize_id))
if rights ~= '' and standing ~= rights then
  return 'stale'
end
local granted, size, _, list = string.match(text or '', '^(%d+) (%d+) (%d+) ?(.*)$')
local ranges = {}
for first, last in string.gmatch(list or '', '(%d+)%-(%d+)') do
  ranges[#ranges + 1] = { tonumber(first), tonumber(last) }
end

local function is_there(number)
  for _, range in ipairs(ranges) do
    if number >= range[1] and number <= range[2] then
      return true
    end
  end
  -- The counter has not come so far, and will.
  return rights == '' and number > tonumber(counter or 0)
end

local added = 0
for at = 3, #ARGV do
  local number = tonumber(ARGV[at])
  if not is_there(number) then
    ranges[#ranges + 1] = { number, number }
    added = added + 1
  end
end
if added == 0 then
  return 0
end
table.sort(ranges, function(one, other)
  return one[1] < other[1]
end)
local texts = {}
for _, range in ipairs(ranges) do
  local n = #texts
  if n > 0 and texts[n][2] + 1 == range[1] then
    texts[n][2] = range[2]
  else
    texts[n + 1] = { range[1], range[2] }
  end
end
for n, range in ipairs(texts) do
  texts[n] = string.format('%d-%d', range[1], range[2])
end
call('HSET', counters, UNITS_OF .. prize_id, string.format('%s %s 0 %s', granted or 0, size or 0, table.concat(texts, ',')))
call('HDEL', taken, '@told')
if rights ~= '' then
  call('HINCRBY', counters, prize_id, -added)
else
  local packed = call('HGET', prizes, 'odds')
  local odds = packed and cmsgpack.unpack(packed)
  if odds and not odds.spares then
    odds.spares = true
    call('HSET', prizes, 'odds', cmsgpack.pack(odds))
  end
end
return added
