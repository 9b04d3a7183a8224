#!lua
-- gone: notes that no shard has a number of a prize left, so that its draws need not ask; or that numbers came back.
--
-- KEYS    counters
-- ARGV    rights prize_id granted most news
--   counters  taken, or that of a day
--   rights    the name of the numbers; empty where numbers came back
--   granted   the grants that were known when none was found, and
--   news      how often numbers had come back
--   most      up to this number none is left
-- RETURNS OK; known, and nothing is written, where the shard has a number that can go, or had news since; stale, where its numbers
--         have another name
-- WRITES  counters
-- COST    O(ranges)

local counters = KEYS[1]
local rights, prize_id, granted, most, news = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local call = redis.call
local RIGHTS, UNITS_OF, NEWS_OF = '@rights', '@r:', '@n:' -- draw.lua has the first two, too

local standing, text, known_news = unpack(call('HMGET', counters, RIGHTS, UNITS_OF .. prize_id, NEWS_OF .. prize_id))
local known, size, gone, list = string.match(text or '', '^(%d+) (%d+) (%d+) ?(.*)$')
known, size, gone, list = known or '0', size or '0', tonumber(gone or 0), list or ''

if rights == '' then
  call('HINCRBY', counters, NEWS_OF .. prize_id, 1)
  gone = 0
elseif standing ~= rights then
  return 'stale'
else
  local first = tonumber(string.match(list, '^%d+'))
  if known ~= granted or (known_news or '0') ~= news or (first and first <= tonumber(most)) then
    return 'known'
  end
  gone = math.max(gone, tonumber(most))
end
call('HSET', counters, UNITS_OF .. prize_id, string.format('%s %s %d %s', known, size, gone, list))
return 'OK'
