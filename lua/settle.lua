#!lua flags=allow-oom
-- settle: strikes off wins whose row is committed in Postgres, and notes which of them were delivered. A full Redis runs
-- it too: only this empties the outbox.
--
-- KEYS    outbox pending
--         per win: players
-- ARGV    per win: entry user_id draw_date delivered attempt expires_at
--   entry       of the outbox, or empty where there is none any more
--   delivered   1: the answer is out; 0: the row is written, nobody was told yet
--   attempt     that won, or empty where it is not known
--   expires_at  seconds, when the day's keys may go
-- RETURNS the number of entries struck off
-- WRITES  outbox pending players
-- COST    O(1) a win

local outbox, pending = KEYS[1], KEYS[2]
local call = redis.call

local struck = 0
for at = 1, #ARGV, 6 do
  local entry, user_id, draw_date, delivered = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3] == '1'
  local players, attempt, expires_at = KEYS[2 + (at + 5) / 6], ARGV[at + 4], ARGV[at + 5]
  local mark = call('HGET', pending, user_id)
  local own = mark and (mark == entry or mark == '@' .. draw_date)
  if own and delivered then
    call('HDEL', pending, user_id)
  elseif own and mark == entry then
    call('HSET', pending, user_id, '@' .. draw_date)
  elseif not mark and call('HSETNX', players, user_id, 'w' .. attempt) == 1 then
    -- Redis was emptied between the script and the row: the winner must not draw again, and must be told.
    call('EXPIREAT', players, expires_at)
    if not delivered then
      call('HSET', pending, user_id, '@' .. draw_date)
    end
  end
  if entry ~= '' then
    struck = struck + call('XDEL', outbox, entry)
  end
end
return struck
