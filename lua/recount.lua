#!lua
-- recount: gives a Redis that lost something, or that begins to count them, the wins of users in a campaign that limits
-- them. It only raises: Postgres lags behind the wins under way.
--
-- KEYS    taken_today
--         per winner: wins_ever
-- ARGV    name
--         per winner: user_id wins
--   name  of the day's data, without a ?
--   wins  of the user in the campaign, as Postgres has them
-- RETURNS the number of users who had fewer; not_whole, and nothing is written, where the day's data have another name
-- WRITES  wins_ever
-- COST    O(1) a winner

local taken_today = KEYS[1]
local name = ARGV[1]
local call = redis.call

if string.match(call('HGET', taken_today, '@epoch') or '', '[^?]*') ~= name then
  return 'not_whole'
end

local raised = 0
for at = 2, #ARGV, 2 do
  local user_id, wins, wins_ever = ARGV[at], tonumber(ARGV[at + 1]), KEYS[2 + (at - 2) / 2]
  if wins > tonumber(call('HGET', wins_ever, user_id) or 0) then
    raised = raised + 1
    call('HSET', wins_ever, user_id, wins)
  end
end
return raised
