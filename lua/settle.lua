#!lua flags=allow-oom
-- settle: notes of wins whose row is committed in Postgres whether their winners were told, one by one: of those that
-- were not told, and of those whose outbox entry stays for others or is gone. A full Redis runs it too: only settling
-- empties the outbox.
--
-- KEYS    pending
--         per win: players
-- ARGV    per win: entry user_id draw_date told attempt stands expires_at
--   entry       of the outbox, or empty where there is none any more
--   told        1: the answer is out; 0: nobody was told yet
--   attempt     that won, or empty where it is not known
--   stands      the attempt whose row stands: another where Postgres refused this one, since the user had a row
--   expires_at  seconds, when the day's keys may go
-- RETURNS the number of winners who are still to be told
-- WRITES  pending players
-- COST    O(1) a win

local pending = KEYS[1]
local call = redis.call
local WON, ROW_OF_DAY = 'w', '@' -- how a winner's record begins, and a mark that names a day; draw.lua has them all

local untold = 0
for at = 1, #ARGV, 7 do
  local entry, user_id, draw_date, told = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3] == '1'
  local attempt, stands, expires_at, players = ARGV[at + 4], ARGV[at + 5], ARGV[at + 6], KEYS[2 + (at - 1) / 7]
  local noted, record = ROW_OF_DAY .. draw_date, WON .. stands
  local mark, current = call('HGET', pending, user_id), call('HGET', players, user_id)
  local marked = mark and (mark == entry or mark == noted)
  local open = entry ~= '' and current == WON .. attempt .. entry
  -- Redis was emptied between the script and the row: the winner must not draw again, and must be told.
  local lost = not current and not mark
  if open then
    call('HSET', players, user_id, record)
  elseif lost then
    call('HSET', players, user_id, record)
    call('EXPIREAT', players, expires_at)
  end
  if told and marked then
    call('HDEL', pending, user_id)
  elseif not told and (mark == entry and entry ~= '' or (not mark and (open or lost))) then
    call('HSET', pending, user_id, noted)
    untold = untold + 1
  end
end
return untold
