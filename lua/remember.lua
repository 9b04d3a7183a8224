#!lua
-- remember: gives a Redis that lost something the winners of a day back whom it does not know, so that none of them draws
-- again. Who has drawn again meanwhile and lost is a winner all the same.
--
-- KEYS    taken_today pending
--         per winner: players
-- ARGV    draw_date expires_at name
--         per winner: user_id attempt tell
--   name        of the day's data, without a ?
--   attempt     that won
--   tell        1: whether the winner was told is lost, too: tell the win on the next try; 0: leave it
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

local unknown = 0
for at = 4, #ARGV, 3 do
  local user_id, attempt, tell, players = ARGV[at], ARGV[at + 1], ARGV[at + 2], KEYS[2 + (at - 1) / 3]
  local record = call('HGET', players, user_id)
  if not record or string.sub(record, 1, 1) == LOST then
    unknown = unknown + 1
    call('HSET', players, user_id, WON .. attempt)
    if call('HLEN', players) == 1 then
      call('EXPIREAT', players, expires_at)
    end
    if tell == '1' then
      call('HSETNX', pending, user_id, ROW_OF_DAY .. draw_date)
    end
  end
end
return unknown
