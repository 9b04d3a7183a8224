#!lua
-- draw: decides a batch of draws of one day. Each draw repeats what was decided before, or picks a prize by its
-- odds, takes one unit of both quotas, records the participation and puts the win into the outbox.
--
-- KEYS    prizes taken taken_today outbox pending
--         per draw: players players_before
-- ARGV    draw_date date_before created_at expires_at
--         per draw: user_id attempt keyed roll id refused
--   created_at  milliseconds, goes into the win unread     expires_at  seconds, when the day's keys may go
--   attempt     8 characters that name this try           keyed       1: the client may retry it tomorrow, too
--   roll        integer from 0 to 999999999                refused     entry of a win Postgres refused, or empty
-- RETURNS not_loaded, where a reload must come first; else for each draw one of
--   {no_prize draw_date}      the roll met no prize, or one without a unit left
--   {participated}            drawn before today, by another attempt
--   {recorded draw_date}      won before; its row is in Postgres
--   {won entry win}           won now, or before and perhaps not yet in Postgres; win is tab-separated:
--                             id user_id prize_id draw_date unit day_unit created_at attempt roll
-- WRITES  taken taken_today outbox pending players
-- COST    O(prizes) once, then O(log prizes) a draw

local prizes, taken, taken_today, outbox, pending = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local draw_date, date_before, created_at, expires_at = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local count = #KEYS / 2 - 2.5
local call = redis.call

local packed = call('HGET', prizes, 'odds')
if not packed then
  return 'not_loaded'
end
local odds = cmsgpack.unpack(packed)

local users = {}
for i = 1, count do
  users[i] = ARGV[6 * i - 1]
end
local pendings = call('HMGET', pending, unpack(users))

local units, day_units = {}, {} -- counters this batch has read, by prize id
local decided = {} -- what this batch has decided, by user
local dropped = {} -- outbox entries of refused wins that this batch decides again, by user
local wins, losses = {}, {}
local replies = {}

local function counter(cache, key, prize_id)
  local n = cache[prize_id]
  if not n then
    n = tonumber(call('HGET', key, prize_id) or 0)
    cache[prize_id] = n
  end
  return n
end

-- The prize whose stretch of the odds the roll falls in: the first with roll < odds_to.
local function pick(roll)
  local odds_to = odds.odds_to
  local low, high = 1, #odds_to + 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    if roll < odds_to[middle] then
      high = middle
    else
      low = middle + 1
    end
  end
  return odds.ids[low], low
end

local function take(roll)
  local prize_id, place = pick(roll)
  if not prize_id then
    return nil
  end
  local unit = counter(units, taken, prize_id) + 1
  local day_unit = counter(day_units, taken_today, prize_id) + 1
  local total_quota, daily_quota = odds.total_quotas[place], odds.daily_quotas[place]
  if (total_quota >= 0 and unit > total_quota) or (daily_quota >= 0 and day_unit > daily_quota) then
    return nil
  end
  units[prize_id], day_units[prize_id] = unit, day_unit
  return prize_id, unit, day_unit
end

local function decide(draw)
  local prize_id, unit, day_unit = take(tonumber(draw.roll))
  if not prize_id then
    losses[#losses + 1] = draw
    draw.reply = { 'no_prize', draw_date }
    return draw
  end
  draw.win = table.concat({ draw.id, draw.user_id, prize_id, draw_date,
    string.format('%d\t%d', unit, day_unit), created_at, draw.attempt, draw.roll }, '\t')
  wins[#wins + 1] = draw
  draw.reply = { 'won', '', draw.win }
  return draw
end

-- A record is one letter, l(ost) or w(on), and the attempt that was decided.
local function of_attempt(record, attempt)
  return record and string.sub(record, 2) == attempt and string.sub(record, 1, 1)
end

-- A key that comes again after midnight keeps its outcome.
local function decided_before(draw)
  local own = draw.keyed and of_attempt(call('HGET', draw.players_before, draw.user_id), draw.attempt)
  return own and { own == 'l' and 'no_prize' or 'recorded', date_before }
end

local function repeated(draw, mark)
  local own = of_attempt(draw.record, draw.attempt)
  local before = not own and decided_before(draw)
  if own == 'l' then
    return { 'no_prize', draw_date }
  end
  -- Drawn today since: then yesterday's win was delivered, and the mark is of a later one.
  if before and (draw.record or before[1] == 'no_prize') then
    return before
  end
  if mark then
    -- Not yet delivered. A mark is the outbox entry until the row is in Postgres, then '@' and the date.
    if string.sub(mark, 1, 1) == '@' then
      return { 'recorded', string.sub(mark, 2) }
    end
    local entry = call('XRANGE', outbox, mark, mark)[1]
    if entry then
      return { 'won', mark, entry[2][2] }
    end
  end
  if own == 'w' then
    return { 'recorded', draw_date }
  end
  return before or draw.record and { 'participated' }
end

for i = 1, count do
  local at = 6 * i - 1
  local draw = {
    players = KEYS[4 + 2 * i], players_before = KEYS[5 + 2 * i],
    user_id = ARGV[at], attempt = ARGV[at + 1], keyed = ARGV[at + 2] == '1',
    roll = ARGV[at + 3], id = ARGV[at + 4],
  }
  local earlier = decided[draw.user_id]
  if earlier and earlier.attempt == draw.attempt then
    replies[i] = earlier.reply
  elseif earlier then
    replies[i] = decided_before(draw) or earlier.win and earlier.reply or { 'participated' }
  else
    local mark = pendings[i]
    local refused = ARGV[at + 5]
    if mark and mark == refused then
      dropped[draw.user_id] = refused
      decided[draw.user_id] = decide(draw)
      replies[i] = draw.reply
    else
      draw.record = call('HGET', draw.players, draw.user_id)
      replies[i] = repeated(draw, mark)
      if not replies[i] then
        decided[draw.user_id] = decide(draw)
        replies[i] = draw.reply
      end
    end
  end
end

-- Writes come last and counters first: should a write fail, what came before it can waste a unit, never sell it twice.
if #wins > 0 then
  for prize_id, day_unit in pairs(day_units) do
    call('HSET', taken, prize_id, string.format('%d', units[prize_id]))
    call('HSET', taken_today, prize_id, string.format('%d', day_unit))
  end
  call('EXPIREAT', taken_today, expires_at)
end
for user_id, entry in pairs(dropped) do
  call('XDEL', outbox, entry)
  call('HDEL', pending, user_id)
end
-- Only a bucket's first record sets its expiry: an EXPIREAT each would double what goes to the append-only file.
local function record(draw, letter)
  call('HSET', draw.players, draw.user_id, letter .. draw.attempt)
  if call('HLEN', draw.players) == 1 then
    call('EXPIREAT', draw.players, expires_at)
  end
end
for _, draw in ipairs(losses) do
  record(draw, 'l')
end
for _, draw in ipairs(wins) do
  local entry = call('XADD', outbox, '*', 'win', draw.win)
  draw.reply[2] = entry
  call('HSET', pending, draw.user_id, entry)
  record(draw, 'w')
end

return replies
