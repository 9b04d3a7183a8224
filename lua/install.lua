#!lua
-- install: puts the numbers of units that a shard holds where draw.lua takes them from. Where they were lost, all that no row is
-- known of; else it only takes away what the shard holds no longer.
--
-- KEYS    counters
-- ARGV    rights
--         per prize: prize_id granted size ranges
--   counters  taken, or that of a day
--   rights    the name of the numbers: of ever, as reload.lua gave it, or of the day's data; both without a ?
--   granted   the grants that Postgres knows of
--   size      the numbers of the latest
--   ranges    first-last:row, comma-separated, the lowest first; row: the last number of them that has a row, or 0
-- RETURNS how many numbers can be taken; stale, and nothing is written, where the numbers have another name
-- WRITES  counters
-- COST    O(prizes and ranges); where the numbers were lost O(fields of counters), too

local counters = KEYS[1]
local rights = ARGV[1]
local call = redis.call
local RIGHTS, UNITS_OF, CUT_OF = '@rights', '@r:', '@c:' -- draw.lua and recall.lua have them, too

local standing, epoch = unpack(call('HMGET', counters, RIGHTS, '@epoch'))
-- Those of a day are named as its data are, those of ever wait with a ?.
local is_of_day = string.match(epoch or '', '[^?]*') == rights
local is_new = standing ~= rights
if is_new and not is_of_day and standing ~= rights .. '?' then
  return 'stale'
end

if is_new then
  for _, field in ipairs(call('HKEYS', counters)) do
    if string.sub(field, 1, 3) == UNITS_OF or string.sub(field, 1, 3) == CUT_OF then
      call('HDEL', counters, field)
    end
  end
end

local function read_ranges(list)
  local ranges = {}
  for first, last, row in string.gmatch(list, '(%d+)%-(%d+):?(%d*)') do
    ranges[#ranges + 1] = { tonumber(first), tonumber(last), tonumber(row) or 0 }
  end
  return ranges
end

-- What both have, of ranges that are sorted.
local function common(some, others)
  local both, at = {}, 1
  for _, range in ipairs(some) do
    while others[at] and others[at][2] < range[1] do
      at = at + 1
    end
    local n = at
    while others[n] and others[n][1] <= range[2] do
      both[#both + 1] = { math.max(range[1], others[n][1]), math.min(range[2], others[n][2]) }
      n = n + 1
    end
  end
  return both
end

local free = 0
for at = 2, #ARGV, 4 do
  local prize_id, granted, size, held = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2], read_ranges(ARGV[at + 3])
  local field = UNITS_OF .. prize_id
  local known, known_size, _, list = string.match(call('HGET', counters, field) or '', '^(%d+) (%d+) (%d+) ?(.*)$')
  local ranges, used = {}, 0
  if is_new then
    for _, range in ipairs(held) do
      local first = math.max(range[1], range[3] + 1)
      used = used + first - range[1]
      if first <= range[2] then
        ranges[#ranges + 1] = { first, range[2] }
      end
    end
    call('HSET', counters, prize_id, string.format('%d', used))
  elseif tonumber(known or 0) == granted then
    ranges, size = common(read_ranges(list or ''), held), known_size or size
  end
  -- Else Postgres was read before, or after, a grant that is on its way here.
  if is_new or tonumber(known or 0) == granted then
    local texts = {}
    for n, range in ipairs(ranges) do
      texts[n] = string.format('%d-%d', range[1], range[2])
      free = free + range[2] - range[1] + 1
    end
    call('HSET', counters, field, string.format('%d %s 0 %s', granted, size, table.concat(texts, ',')))
  end
end
if is_new then
  call('HSET', counters, RIGHTS, rights)
end
return free
