#!lua
-- settle: strikes off wins whose row is committed in Postgres, and notes which of them were delivered.
--
-- KEYS    outbox pending
-- ARGV    per win: entry user_id draw_date delivered
--   entry      of the outbox, or empty where there is none any more
--   delivered  1: the answer is out; 0: the row is written, nobody was told yet
-- RETURNS the number of entries struck off
-- WRITES  outbox pending
-- COST    O(1) a win

local outbox, pending = KEYS[1], KEYS[2]
local call = redis.call

local struck = 0
for at = 1, #ARGV, 4 do
  local entry, user_id, draw_date, delivered = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3] == '1'
  local mark = call('HGET', pending, user_id)
  local own = mark and (mark == entry or mark == '@' .. draw_date)
  if own and delivered then
    call('HDEL', pending, user_id)
  elseif own and mark == entry then
    call('HSET', pending, user_id, '@' .. draw_date)
  end
  if entry ~= '' then
    struck = struck + call('XDEL', outbox, entry)
  end
end
return struck
