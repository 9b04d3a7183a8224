#!lua
-- draw: decides a batch of draws of one day. Each draw repeats what was decided before, or picks a prize by its odds, else
-- the fallback, takes one unit of both quotas, records the participation and puts the win into the outbox.
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
local KEYS_BEFORE, ARGV_BEFORE = 5, 7 -- the draws' own
local count = #ARGV - ARGV_BEFORE
local call, sub = redis.call, string.sub

-- Why nothing is decided.
local NOT_LOADED, NOT_WHOLE, LOST_WRITES = 'not_loaded', 'not_whole', 'lost'
-- A ticket's kind.
local KEYED, REFUSED, PLAIN = 'k', 'r', '-'
-- A record: one of these letters, the attempt that was decided (8) and, of a win, its outbox entry.
local LOST, WON = 'l', 'w'
-- The answer's letter of a draw.
local NO_PRIZE, NEW_WIN, PARTICIPATED, SEE_OTHER = 'l', 'w', 'p', 'o'
-- The kind of an other.
local LOST_ON, HAS_ROW, IN_OUTBOX, SAME_AS = 'l', 'r', 'w', 'd'
-- A mark that begins like this names the day of a win whose row is in Postgres; any other mark is an outbox entry.
local ROW_OF_DAY = '@'

local function attempt_of(ticket) return sub(ticket, 2, 9) end
local function letter_of(record) return sub(record, 1, 1) end
local function entry_of(record) return #record > 9 and sub(record, 10) end

-- 1. The prize table.

local packed = call('HGET', prizes, 'odds')
if not packed then
  return NOT_LOADED
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

-- 2. The draws. Of the prizes only those that the rolls meet, and the fallback, are looked at; they are numbered.

local users, tickets, kinds, refused = {}, {}, {}, {} -- refused: the outbox entry of the win that Postgres refused
local ids, places, number_at, numbers = {}, {}, {}, {} -- of prizes; numbers: of the prize that a draw's roll meets

local function give_number(place)
  if odds.ids[place] then
    local n = #ids + 1
    ids[n], places[n], number_at[place] = odds.ids[place], place, n
    return n
  end
end

local function read_ticket(i)
  local ticket = ARGV[ARGV_BEFORE + i]
  local kind, user_id = sub(ticket, 1, 1), sub(ticket, 55)
  if kind == REFUSED then
    user_id, refused[i] = string.match(user_id, '^(.*)\t(.*)$')
    ticket = PLAIN .. sub(ticket, 2, 54) .. user_id
  end
  users[i], tickets[i], kinds[i] = user_id, ticket, kind
  local place = pick(tonumber(sub(ticket, 10, 18)))
  numbers[i] = number_at[place] or give_number(place)
end

for i = 1, count do
  read_ticket(i)
end
local fallback = odds.fallback and (number_at[odds.fallback] or give_number(odds.fallback))

-- 3. The day: first whether these are the data that the server knows. What is needed of it comes in the same read.

local own_batches = '@s:' .. server
local day = call('HMGET', taken_today, '@epoch', own_batches, '@draws', unpack(ids))
if day[1] ~= epoch and (day[1] or '') .. '?' ~= epoch then
  return NOT_WHOLE
end
if tonumber(day[2] or 0) < tonumber(batches) then
  return LOST_WRITES
end

local marks = call('HMGET', pending, unpack(users))
local ever = call('HMGET', taken, '@draws', unpack(ids))
local units, day_units, before = {}, {}, {}
for n, id in ipairs(ids) do
  local unit, day_unit = ever[n + 1] or '0', day[n + 3] or '0'
  before[3 * n - 2], before[3 * n - 1], before[3 * n] = id, unit, day_unit
  units[n], day_units[n] = tonumber(unit), tonumber(day_unit)
end

-- 4. Decisions.

local letters, others = {}, {}
local decided = {} -- user → the draw of this batch that was decided
local draws = 0 -- decided for the first time
local wins, won = {}, 0
local stale = {} -- users whose mark names no win any more
local carried = {} -- user → the draw that decides a marked win again

local function take(n, i)
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
  draws = draws + (kinds[i] == REFUSED and 0 or 1)
  letters[i] = (take(numbers[i], i) or take(fallback, i)) and NEW_WIN or NO_PRIZE
end

-- 5. What was decided before. Each function answers the draw and returns true, or does nothing.

local function answer(i, other)
  letters[i] = SEE_OTHER
  others[#others + 1] = other
  return true
end

-- The record's letter, if the record is of this very attempt.
local function of_attempt(record, ticket)
  return record and sub(record, 2, 9) == attempt_of(ticket) and letter_of(record)
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
    return answer(i, IN_OUTBOX .. entry)
  end
  local found = call('XRANGE', outbox, entry, entry)[1]
  told[entry] = found
  return found and answer(i, IN_OUTBOX .. entry .. '\n' .. found[2][2])
end

-- The row of that day's win may be late.
local function answer_before(i, earlier)
  if letter_of(earlier) == LOST then
    return answer(i, LOST_ON .. date_before)
  end
  return (entry_of(earlier) and in_outbox(i, entry_of(earlier))) or answer(i, HAS_ROW .. date_before)
end

-- A win of an earlier day whose winner was not told.
local function marked(i, mark)
  if letter_of(mark) == ROW_OF_DAY then
    return answer(i, HAS_ROW .. sub(mark, 2))
  end
  if in_outbox(i, mark) then
    return true
  end
  stale[#stale + 1] = users[i]
end

-- The user has drawn, or is to be told of a win first.
local function repeated(i, record, mark, players_before)
  local own = of_attempt(record, tickets[i])
  local earlier = not own and decided_before(i, players_before)
  if own == LOST then
    letters[i] = NO_PRIZE
    return true
  end
  -- Drawn today since: then yesterday's win was delivered, and what is not delivered is a later one.
  if earlier and (record or letter_of(earlier) == LOST) then
    return answer_before(i, earlier)
  end
  if mark and marked(i, mark) then
    return true
  end
  if record and entry_of(record) and in_outbox(i, entry_of(record)) then
    return true
  end
  if own == WON then
    return answer(i, HAS_ROW .. draw_date)
  end
  if earlier then
    return answer_before(i, earlier)
  end
  letters[i] = record and PARTICIPATED
  return record
end

-- Another draw of a user of whom this batch has just decided one.
local function again(i, first, players_before)
  if attempt_of(tickets[first]) == attempt_of(tickets[i]) then
    return answer(i, SAME_AS .. first)
  end
  local earlier = decided_before(i, players_before)
  if earlier then
    return answer_before(i, earlier)
  end
  if letters[first] == NEW_WIN then
    return answer(i, SAME_AS .. first)
  end
  letters[i] = PARTICIPATED
end

-- A win that Postgres refused is decided again as long as the user's record or mark still names it.
local function names(entry, record, mark)
  return mark == entry or (record and entry_of(record) == entry)
end

-- 6. Draw by draw.

local keyed = 0
for i = 1, count do
  local user_id, mark, players_before = users[i], marks[i], nil
  if kinds[i] == KEYED then
    keyed = keyed + 1
    players_before = KEYS[KEYS_BEFORE + count + keyed]
  end
  if decided[user_id] then
    again(i, decided[user_id], players_before)
  else
    local record = call('HGET', KEYS[KEYS_BEFORE + i], user_id)
    if refused[i] and names(refused[i], record, mark) then
      carried[user_id] = mark == refused[i] and i or nil
      decide(i)
    elseif not (record or mark or players_before) or not repeated(i, record, mark, players_before) then
      decide(i)
    end
  end
end

-- 7. Writes come last and counters first: should a write fail, what came before it can waste a unit, never sell it twice.

local written = tonumber(day[2] or 0)

local function count_up()
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

local function put_out()
  local text = draw_date .. '\t' .. created_at .. '\n' .. table.concat(before, '\t') .. '\n' .. table.concat(wins, '\t')
  return call('XADD', outbox, '*', 'wins', text), text
end

local function update_marks(entry)
  for user_id, i in pairs(carried) do
    if letters[i] == NEW_WIN then
      call('HSET', pending, user_id, entry)
    else
      stale[#stale + 1] = user_id
    end
  end
  if #stale > 0 then
    call('HDEL', pending, unpack(stale))
  end
end

local function write_record(i, entry)
  local players, attempt = KEYS[KEYS_BEFORE + i], sub(tickets[i], 2, 9)
  call('HSET', players, users[i], letters[i] == NEW_WIN and WON .. attempt .. entry or LOST .. attempt)
  -- Only a bucket's first record sets its expiry: an EXPIREAT each would double what goes to the append-only file.
  if call('HLEN', players) == 1 then
    call('EXPIREAT', players, expires_at)
  end
end

local entry, text = '', ''
if draws > 0 or won > 0 then
  count_up()
end
if won > 0 then
  entry, text = put_out()
end
update_marks(entry)
for i = 1, count do
  if decided[users[i]] == i then
    write_record(i, entry)
  end
end

return { entry, text, table.concat(letters), written, unpack(others) }
