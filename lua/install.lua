#!lua
-- install: puts the numbers of units that a shard holds where draw.lua takes them from. Where they were lost, those that are fresh;
-- else it only takes away what the shard holds no longer.
--
-- KEYS    counters taken
-- ARGV    rights
--         per prize: prize_id granted size used fresh ranges
--   counters  taken, or that of a day
--   taken     where a log, if there is one, is to be told anew what can be taken
--   rights    the name of the numbers: of ever, as reload.lua gave it, or of the day's data; both without a ?
--   granted   the grants that Postgres knows of
--   size      the numbers of the latest
--   used      how many of those held are not fresh
--   fresh     first-last, comma-separated, the lowest first: those held that are above all that have a row, and not in the outbox
--   ranges    first-last, comma-separated, the lowest first: all that are held
-- RETURNS how many numbers can be taken; stale, and nothing is written, where the numbers have another name
-- WRITES  counters taken
-- COST    O(prizes and ranges); where the numbers were lost O(fields of counters), too

local counters, taken = KEYS[1], KEYS[2]
local rights = ARGV[1]
local call = redis.call
local RIGHTS, UNITS_OF, CUT_OF, NEWS_OF = '@rights', '@r:', '@c:', '@n:' -- draw.lua, recall.lua and gone.lua have them, too

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
  for first, last in string.gmatch(list or '', '(%d+)-(%d+)') do
    ranges[#ranges + 1] = { tonumber(first), tonumber(last) }
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
for at = 2, #ARGV, 6 do
  local prize_id, granted, size, used = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local fresh, held = read_ranges(ARGV[at + 4]), read_ranges(ARGV[at + 5])
  local field = UNITS_OF .. prize_id
  local known, known_size, list = string.match(call('HGET', counters, field) or '', '^(%d+) (%d+) %d+ ?(.*)$')
  local ranges
  if is_new then
    ranges = fresh
    call('HSET', counters, prize_id, used)
  elseif (known or '0') == granted then
    ranges, size = common(read_ranges(list), held), known_size or size
  end
  -- Else Postgres was read before, or after, a grant that is on its way here.
  if ranges then
    local texts = {}
    for n, range in ipairs(ranges) do
      texts[n] = string.format('%d-%d', range[1], range[2])
      free = free + range[2] - range[1] + 1
    end
    call('HSET', counters, field, string.format('%s %s 0 %s', granted, size, table.concat(texts, ',')))
    call('HINCRBY', counters, NEWS_OF .. prize_id, 1)
  end
end
if is_new then
  call('HSET', counters, RIGHTS, rights)
end
call('HDEL', taken, '@told')
return free
