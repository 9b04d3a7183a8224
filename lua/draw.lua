#!lua
-- draw: decides a batch of draws of one day. Each draw repeats what was decided before, or picks a prize by its
-- odds, takes one unit of both quotas, records the participation and puts the win into the outbox.
--
-- KEYS    prizes taken taken_today outbox pending
--         per draw: players
--         per keyed draw: players_before
-- ARGV    draw_date date_before created_at expires_at epoch server batches
--         per draw: ticket
--   created_at  milliseconds, goes into the outbox unread     expires_at  seconds, when the day's keys may go
--   epoch       what the server takes the day's data for: a name, with a ? where it has restored the winners among these
--               users itself, since not all of the day's are back (src/prizes/epoch.ts)
--   server      names the server process                      batches  that it surely wrote in this epoch
--   ticket      kind (1 character), attempt (8), roll (9), id (36), user_id (the rest), without a gap
--     kind        k: keyed, the client may retry it tomorrow, too; r: Postgres refused its win of before; else -
--     attempt     names this try     roll  digits, from 000000000     id  of the result that it may become
--     user_id     where kind is r, a tab and the outbox entry of the refused win come behind it
-- RETURNS where a reload must come first, and nothing is decided: not_loaded, no prize table is there; not_whole, the day's
--         data are of another epoch, or of none; lost, they are older than what this server wrote. Else
--         {entry wins letters batches other…}
--   entry wins  the outbox entry of all that was won now, and its text; empty where nothing was:
--               {draw_date created_at} newline {prize_id units_taken_before day_units_taken_before}… newline
--               {prize_id ticket}… in the order of the draws; tab-separated
--   batches     that this server has written in this epoch
--   letters     one a draw: l no prize, w won, the next of wins, p drawn before today by another attempt, o see other
--   other       one an o, in their order:
--     l draw_date              lost on that day
--     r draw_date              won on that day; the row is in Postgres
--     w entry newline wins     won before, perhaps not yet in Postgres, with the others of that entry
--     w entry                  the same, of an entry whose wins an other before has told
--     d number                 the same as that draw of this batch
-- WRITES  taken taken_today outbox pending players; field @draws of taken and taken_today counts what was decided, @s: with
--         the server's name its batches
-- COST    O(prizes) once, then O(log prizes) a draw

local prizes, taken, taken_today, outbox, pending = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local draw_date, date_before, created_at, expires_at, epoch, server, batches =
  ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local HEAD = 7
local count = #ARGV - HEAD
local call, sub = redis.call, string.sub

local packed = call('HGET', prizes, 'odds')
if not packed then
  return 'not_loaded'
end
local odds = cmsgpack.unpack(packed)
local odds_to = odds.odds_to

-- The place of the prize whose stretch of the odds the roll falls in: the first with roll < odds_to.
local function pick(roll)
  local low, high = 1, #odds_to + 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    if roll < odds_to[middle] then
      high = middle
    else
      low = middle + 1
    end
  end
  return low
end

-- The prizes that the rolls of this batch meet, numbered, so that only their counters are read and written.
local users, tickets, kinds, refused = {}, {}, {}, {}
local ids, places, number_at, numbers = {}, {}, {}, {}
for i = 1, count do
  local ticket = ARGV[HEAD + i]
  local kind, user_id, place = sub(ticket, 1, 1), sub(ticket, 55), pick(tonumber(sub(ticket, 10, 18)))
  if kind == 'r' then
    user_id, refused[i] = string.match(user_id, '^(.*)\t(.*)$')
    ticket = '-' .. sub(ticket, 2, 54) .. user_id
  end
  users[i], tickets[i], kinds[i] = user_id, ticket, kind
  local n = number_at[place]
  if not n and odds.ids[place] then
    n = #ids + 1
    ids[n], places[n], number_at[place] = odds.ids[place], place, n
  end
  numbers[i] = n
end

-- Whether these are the data that the server knows. What else it needs of the day comes along.
local own_batches = '@s:' .. server
local day = call('HMGET', taken_today, '@epoch', own_batches, '@draws', unpack(ids))
if day[1] ~= epoch and (day[1] or '') .. '?' ~= epoch then
  return 'not_whole'
end
if tonumber(day[2] or 0) < tonumber(batches) then
  return 'lost'
end

local marks = call('HMGET', pending, unpack(users))
local ever = call('HMGET', taken, '@draws', unpack(ids))
local units, day_units, before = {}, {}, {}
for n in ipairs(ids) do
  units[n], day_units[n] = ever[n + 1], day[n + 3]
end
for n, id in ipairs(ids) do
  before[3 * n - 2], before[3 * n - 1], before[3 * n] = id, units[n] or '0', day_units[n] or '0'
  units[n], day_units[n] = tonumber(units[n] or 0), tonumber(day_units[n] or 0)
end

local letters, others = {}, {}
local decided = {} -- user → the draw of this batch that was decided
local draws = 0 -- decided for the first time
local wins, won = {}, 0
local stale, carried = {}, {} -- users whose mark names no win any more; users → the draw that decides a marked win again

local function take(i)
  local n = numbers[i]
  if not n then
    return false
  end
  local unit, day_unit = units[n] + 1, day_units[n] + 1
  local total_quota, daily_quota = odds.total_quotas[places[n]], odds.daily_quotas[places[n]]
  if (total_quota >= 0 and unit > total_quota) or (daily_quota >= 0 and day_unit > daily_quota) then
    return false
  end
  units[n], day_units[n] = unit, day_unit
  wins[won + 1], wins[won + 2] = ids[n], tickets[i]
  won = won + 2
  return true
end

local function decide(i)
  decided[users[i]] = i
  draws = draws + (kinds[i] == 'r' and 0 or 1)
  letters[i] = take(i) and 'w' or 'l'
end

local function answer(i, other)
  letters[i] = 'o'
  others[#others + 1] = other
  return true
end

-- A record is one letter, l(ost) or w(on), and the attempt that was decided; a win's goes on with its outbox entry.
local function of_attempt(record, ticket)
  return record and sub(record, 2, 9) == sub(ticket, 2, 9) and sub(record, 1, 1)
end

-- A key that comes again after midnight keeps its outcome: its record of the day before.
local function decided_before(i, players_before)
  local record = players_before and call('HGET', players_before, users[i])
  return of_attempt(record, tickets[i]) and record
end

-- A win is told until its entry is gone or its record no longer names it.
local told = {} -- entries whose wins are in the answer: a crowd that retries would get them once each
local function in_outbox(i, entry)
  if told[entry] then
    return answer(i, 'w' .. entry)
  end
  local found = call('XRANGE', outbox, entry, entry)[1]
  told[entry] = found
  return found and answer(i, 'w' .. entry .. '\n' .. found[2][2])
end

-- The row of that day's win may be late.
local function answer_before(i, earlier)
  if sub(earlier, 1, 1) == 'l' then
    return answer(i, 'l' .. date_before)
  end
  return (#earlier > 9 and in_outbox(i, sub(earlier, 10))) or answer(i, 'r' .. date_before)
end

local function repeated(i, record, mark, players_before)
  local own = of_attempt(record, tickets[i])
  local earlier = not own and decided_before(i, players_before)
  if own == 'l' then
    letters[i] = 'l'
    return true
  end
  -- Drawn today since: then yesterday's win was delivered, and what is not delivered is a later one.
  if earlier and (record or sub(earlier, 1, 1) == 'l') then
    return answer_before(i, earlier)
  end
  -- A mark is '@' and the date of a win whose row is in Postgres and whose winner was not told, or an entry of an
  -- earlier day.
  if mark and sub(mark, 1, 1) == '@' then
    return answer(i, 'r' .. sub(mark, 2))
  end
  if mark then
    if in_outbox(i, mark) then
      return true
    end
    stale[#stale + 1] = users[i]
  end
  if record and #record > 9 and in_outbox(i, sub(record, 10)) then
    return true
  end
  if own == 'w' then
    return answer(i, 'r' .. draw_date)
  end
  if earlier then
    return answer_before(i, earlier)
  end
  letters[i] = record and 'p'
  return record
end

-- Another draw of a user of whom this batch has just decided one.
local function again(i, first, players_before)
  if sub(tickets[first], 2, 9) == sub(tickets[i], 2, 9) then
    return answer(i, 'd' .. first)
  end
  local earlier = decided_before(i, players_before)
  if earlier then
    return answer_before(i, earlier)
  end
  if letters[first] == 'w' then
    return answer(i, 'd' .. first)
  end
  letters[i] = 'p'
end

local keyed = 0
for i = 1, count do
  local user_id, mark, players_before = users[i], marks[i], nil
  if kinds[i] == 'k' then
    keyed = keyed + 1
    players_before = KEYS[5 + count + keyed]
  end
  if decided[user_id] then
    again(i, decided[user_id], players_before)
  else
    local record = call('HGET', KEYS[5 + i], user_id)
    if refused[i] and (mark == refused[i] or (record and sub(record, 10) == refused[i])) then
      carried[user_id] = mark == refused[i] and i or nil
      decide(i)
    elseif not (record or mark or players_before) or not repeated(i, record, mark, players_before) then
      decide(i)
    end
  end
end

-- Writes come last and counters first: should a write fail, what came before it can waste a unit, never sell it twice.
local entry, text = '', ''
local written = tonumber(day[2] or 0)
if draws > 0 or won > 0 then
  written = written + 1
  local counted = { '@draws', tonumber(ever[1] or 0) + draws }
  local counted_today = { '@draws', tonumber(day[3] or 0) + draws, own_batches, written }
  if won > 0 then
    for n, id in ipairs(ids) do
      counted[2 * n + 1], counted[2 * n + 2] = id, units[n]
      counted_today[2 * n + 3], counted_today[2 * n + 4] = id, day_units[n]
    end
  end
  -- The day's expiry stands since its epoch began (reload.lua).
  call('HSET', taken, unpack(counted))
  call('HSET', taken_today, unpack(counted_today))
end
if won > 0 then
  text = draw_date .. '\t' .. created_at .. '\n' .. table.concat(before, '\t') .. '\n' .. table.concat(wins, '\t')
  entry = call('XADD', outbox, '*', 'wins', text)
end
for user_id, i in pairs(carried) do
  if letters[i] == 'w' then
    call('HSET', pending, user_id, entry)
  else
    stale[#stale + 1] = user_id
  end
end
if #stale > 0 then
  call('HDEL', pending, unpack(stale))
end
for i = 1, count do
  if decided[users[i]] == i then
    local players, letter = KEYS[5 + i], letters[i]
    call('HSET', players, users[i], letter .. sub(tickets[i], 2, 9) .. (letter == 'w' and entry or ''))
    -- Only a bucket's first record sets its expiry: an EXPIREAT each would double what goes to the append-only file.
    if call('HLEN', players) == 1 then
      call('EXPIREAT', players, expires_at)
    end
  end
end

return { entry, text, table.concat(letters), written, unpack(others) }
