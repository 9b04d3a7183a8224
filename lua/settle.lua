#!lua flags=allow-oom
-- settle: notes of wins whose row is committed in Postgres whether their winners were told, one by one: of those that
-- were not told, and of those whose outbox entry stays for others or is gone. A full Redis runs it too: only settling
-- empties the outbox.
--
-- KEYS    pending
--         per win: players
-- ARGV    per win: entry user_id draw_date told attempt stands expires_at draw_no
--   entry       of the outbox, or empty where there is none any more
--   told        1: the answer is out; 0: nobody was told yet; 2: nothing is known of its row, only mark its entry, since
--               another day begins
--   attempt     that won, or empty where it is not known
--   stands      the attempt whose row stands: another where Postgres refused this one, since the user had a row
--   expires_at  seconds, when the day's keys may go
--   draw_no     which of the user's draws of that day it is
-- RETURNS the number of winners who are still to be told
-- WRITES  pending players
-- COST    O(1) a win

local pending = KEYS[1]
local call = redis.call
local WON, ROW_OF_DAY = 'w', '@' -- how a winner's record begins, and a mark that names a day; draw.lua has them all

local function split(list)
  local items = {}
  for item in string.gmatch(list and list .. ',' or '', '([^,]*),') do
    items[#items + 1] = item
  end
  return items
end

local function put(key, user_id, items)
  if #items == 0 then
    call('HDEL', key, user_id)
  else
    call('HSET', key, user_id, table.concat(items, ','))
  end
end

local untold = 0
for at = 1, #ARGV, 8 do
  local entry, user_id, draw_date, told = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local attempt, stands, expires_at, draw_no = ARGV[at + 4], ARGV[at + 5], ARGV[at + 6], tonumber(ARGV[at + 7])
  local players = KEYS[2 + (at - 1) / 8]
  local number = draw_no > 1 and '/' .. draw_no or ''
  local waiting, noted = entry .. number, ROW_OF_DAY .. draw_date .. number
  local records = split(call('HGET', players, user_id))
  local current = (records[draw_no] or '') ~= '' and records[draw_no]
  local marks, is_waiting, is_marked = {}, false, false
  for _, mark in ipairs(split(call('HGET', pending, user_id))) do
    is_waiting = is_waiting or (mark == waiting and entry ~= '')
    is_marked = is_marked or is_waiting or mark == noted
    if mark ~= waiting and mark ~= noted then
      marks[#marks + 1] = mark
    end
  end
  local open = entry ~= '' and current == WON .. attempt .. entry
  -- Redis was emptied between the script and the row: the winner must not draw again, and must be told.
  local lost = not current and not is_marked
  if told == '2' then
    if not is_marked then
      marks[#marks + 1] = waiting
      put(pending, user_id, marks)
    end
  else
    if open or lost then
      for no = 1, draw_no do
        records[no] = records[no] or ''
      end
      records[draw_no] = WON .. stands
      put(players, user_id, records)
      if lost then
        call('EXPIREAT', players, expires_at)
      end
    end
    if told == '1' and is_marked then
      put(pending, user_id, marks)
    elseif told == '0' and (is_waiting or (not is_marked and (open or lost))) then
      marks[#marks + 1] = noted
      put(pending, user_id, marks)
      untold = untold + 1
    end
  end
end
return untold
