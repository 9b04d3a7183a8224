#!lua
-- remember: gives a Redis that lost something the winners of a day back whom it does not know, so that none of them draws
-- again. Who has drawn again meanwhile and lost is a winner all the same.
--
-- KEYS    taken_today pending
--         per winner: players
-- ARGV    draw_date expires_at name
--         per winner: user_id attempt tell draw_no
--   name        of the day's data, without a ?
--   attempt     that won
--   tell        1: whether the winner was told is lost, too: tell the win on the next try; 0: leave it
--   draw_no     which of the user's draws of that day won
--   expires_at  seconds, when the day's keys may go
-- RETURNS the number of winners who were not known; not_whole, and nothing is written, where the day's data have another name
-- WRITES  pending players
-- COST    O(1) a winner

local taken_today, pending = KEYS[1], KEYS[2]
local draw_date, expires_at, name = ARGV[1], ARGV[2], ARGV[3]
local call = redis.call
local LOST, WON, ROW_OF_DAY = 'l', 'w', '@' -- how a record begins, and a mark that names a day; draw.lua has them all

if string.match(call('HGET', taken_today, '@epoch') or '', '[^?]*') ~= name then
  return 'not_whole'
end

local function split(list)
  local items = {}
  for item in string.gmatch(list and list .. ',' or '', '([^,]*),') do
    items[#items + 1] = item
  end
  return items
end

local unknown = 0
for at = 4, #ARGV, 4 do
  local user_id, attempt, tell, draw_no = ARGV[at], ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3])
  local players = KEYS[3 + (at - 4) / 4]
  local records = split(call('HGET', players, user_id))
  local record = records[draw_no] or ''
  if record == '' or string.sub(record, 1, 1) == LOST then
    unknown = unknown + 1
    for no = 1, draw_no do
      records[no] = records[no] or ''
    end
    records[draw_no] = WON .. attempt
    call('HSET', players, user_id, table.concat(records, ','))
    if call('HLEN', players) == 1 then
      call('EXPIREAT', players, expires_at)
    end
    if tell == '1' then
      local mark = ROW_OF_DAY .. draw_date .. (draw_no > 1 and '/' .. draw_no or '')
      local marks = call('HGET', pending, user_id)
      call('HSET', pending, user_id, marks and marks .. ',' .. mark or mark)
    end
  end
end
return unknown
