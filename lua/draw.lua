#!lua
-- draw: decides a batch of draws of one day. Each draw repeats what was decided before, or wins a moment that is due, picks
-- a prize by its odds, else the fallback, takes one unit of both quotas, records the participation and puts the win into the
-- outbox. The campaign's rules are in the table: dates, draws a day, wins a user, release. Where the campaign is on several
-- shards, it takes only units whose numbers this one holds. Where the day has a log, each decision is a line of it
-- (src/verify/README.md).
--
-- KEYS    prizes taken taken_today outbox pending moments
--         per draw: players
--         per limited draw: wins_ever
--         per keyed draw: players_before
--         where logged: log
-- ARGV    draw_date date_before created_at expires_at epoch server batches limited logged
--         per draw: ticket
--         per logged draw: p
--   created_at  milliseconds by the clock that servers share: the moment of the decision, compared with all dates
--   expires_at  seconds, when the day's keys may go
--   epoch       what the server takes the day's data for: a name, with a ? where it has restored the winners among these
--               users itself, since not all of the day's are back (src/prizes/epoch.ts)
--   server      names the server process                      batches  that it surely wrote in this epoch
--   limited     1: the server takes wins for limited, and all draws for limited ones; else 0
--   logged      0: the server takes the day for one without a log; else one more than the number of the next line as it knows it: less
--               here means that lines were lost
--   p           who draws, as the log names it, and, where it is not the first, / and the number of the draw that the roll is for
--   ticket      kind (1 character), attempt (8), roll (9), id (36), user_id (the rest), without a gap
--     kind        k: keyed, the client may retry it tomorrow, too; r: Postgres refused its win of before; else -
--     attempt     names this try     roll  digits, from 000000000     id  of the result that it may become
--     user_id     where kind is r, a tab and the place of the refused win come behind it, and where wins are limited a tab
--                 and how many Postgres knows of the user
--   A place is an outbox entry or @ and a day, and, where it is not the user's first draw of its day, / and its number.
-- RETURNS where a reload must come first, and nothing is decided: not_loaded, no prize table is there, or none that says what
--         this batch needs; not_whole, the day's data are of another epoch, or of none, or this shard's numbers are not read
--         yet; lost, they are older than what this server wrote; behind, too much of the log is not in Postgres yet. Else
--         {entry wins letters batches left asks lines other…}
--   entry wins  the outbox entry of all that was won now, and its text; empty where nothing was:
--               {draw_date created_at} newline {prize_id units_taken_before day_units_taken_before}… newline
--               {prize_id ticket}… in the order of the draws; tab-separated. Behind that prize_id stand / and the number of
--               the draw, where it is not the first of the day, # and the number of the user's win, where wins are limited,
--               @ and the moment that was won, = and unit:day_unit, where these are not the next ones, and ~ and the number of its line
--   batches     that this server has written in this epoch
--   letters     one a draw: l no prize, w won, the next of wins, p drawn before today by another attempt, o see other; not
--               decided and nothing used up: b before the start, e after the end, x the campaign is not active, s a unit may
--               be left, but this shard holds none that can go
--   left        the draws that each user has left today, comma-separated; empty where there is one a day
--   asks        of which prizes this shard needs numbers: {prize_id pool rights granted most urgency}…, tab-separated. pool: e ever, d of the
--               day; rights: the name of those of the pool; granted: the grants that it has; most: the greatest number
--               that can go, -1 for any; urgency: s a draw waits for them, l they run low
--   lines       of the log: comma-separated, of which draws its D lines are, newline, the lines; empty where there are none
--   other       one an o, in their order:
--     l draw_date          lost on that day
--     r place              won on that day; the row is in Postgres
--     w place newline wins won before, perhaps not yet in Postgres, with the others of that entry
--     w place              the same, of an entry whose wins an other before has told
--     d number             the same as that draw of this batch
--     n number             nothing is decided: the draw would be this one, and its roll is for another
-- WRITES  taken taken_today outbox pending players moments wins_ever log; field @draws of taken and taken_today counts what was
--         decided, @s: with the server's name its batches
-- COST    O(prizes) once, then O(log prizes) a draw; a draw of a user with several a day O(draws a day); on several shards
--         O(stretches of numbers) once for each prize that is met

local prizes, taken, taken_today, outbox, pending, moments = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local draw_date, date_before, created_at, expires_at, epoch, server, batches, limited, logged =
  ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9]
local is_logged = logged ~= '0'
local KEYS_BEFORE, ARGV_BEFORE = 6, 9 -- the draws' own
local count = (#ARGV - ARGV_BEFORE) / (is_logged and 2 or 1)
local call, sub = redis.call, string.sub

-- Why nothing is decided.
local NOT_LOADED, NOT_WHOLE, LOST_WRITES, BEHIND = 'not_loaded', 'not_whole', 'lost', 'behind'
-- A ticket's kind.
local KEYED, REFUSED, PLAIN = 'k', 'r', '-'
-- A record: one of these letters, the attempt that was decided (8) and, of a win, its outbox entry. Who draws several times a
-- day has a record for each draw, comma-separated; where one is not known, nothing stands between the commas.
local LOST, WON = 'l', 'w'
-- The answer's letter of a draw.
local NO_PRIZE, NEW_WIN, PARTICIPATED, SEE_OTHER = 'l', 'w', 'p', 'o'
local NOT_STARTED, ENDED, INACTIVE = 'b', 'e', 'x'
local STARVED = 's'
-- The kind of an other.
local LOST_ON, HAS_ROW, IN_OUTBOX, SAME_AS, OF_NUMBER = 'l', 'r', 'w', 'd', 'n'
-- So many lines may wait for Postgres: 80 bytes each, and after a loss the numbers go on above all that can have been given
-- (log.lua).
local MOST_AHEAD = 4000000
-- A place that begins like this names the day of a win whose row is in Postgres; any other names an outbox entry. Marks are
-- such places, comma-separated.
local ROW_OF_DAY = '@'
-- A win is told within so many milliseconds, or its server has failed.
local UNDER_WAY = 3000

local function attempt_of(ticket) return sub(ticket, 2, 9) end
local function letter_of(record) return sub(record, 1, 1) end
local function entry_of(record) return #record > 9 and sub(record, 10) end

local NONE = {}
local function split(list)
  if not list then
    return NONE
  end
  local items = {}
  for item in string.gmatch(list .. ',', '([^,]*),') do
    items[#items + 1] = item
  end
  return items
end

local function place_of(where, no) return no > 1 and where .. '/' .. no or where end
local function where_of(place) return string.match(place, '[^/]*') end
local function number_of(place) return tonumber(string.match(place, '/(%d+)') or 1) end

-- 1. The prize table and the rules.

local packed = call('HGET', prizes, 'odds')
if not packed then
  return NOT_LOADED
end
local odds = cmsgpack.unpack(packed)
local odds_to, draws_per_day, wins_per_user = odds.odds_to, odds.draws_per_day or 1, odds.wins_per_user
local release = odds.release and odds.release[draw_date]
if (wins_per_user ~= nil) ~= (limited == '1') or (odds.release and not release) then
  return NOT_LOADED
end

local now = tonumber(created_at)
local closed = (odds.inactive and INACTIVE)
  or (odds.starts_at and now < odds.starts_at and NOT_STARTED)
  or (odds.ends_at and now >= odds.ends_at and ENDED)
if odds.empty and not closed then
  return NOT_LOADED
end

-- The units of a daily quota that are released by now, evenly from the one moment to the other. In two steps, since quota times
-- milliseconds is more than a number holds exactly.
local function released(quota, from, to)
  if now >= to or quota < 0 then
    return quota
  elseif now <= from then
    return 0
  end
  local length, elapsed = to - from, now - from
  return math.floor(quota / length) * elapsed + math.floor(quota % length * elapsed / length)
end

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

-- 2. The draws. Of the prizes only those that the rolls meet, the fallback and those of moments are looked at; they are numbered.

local users, tickets, kinds, refused = {}, {}, {}, {} -- refused: the place of the win that Postgres refused
local known_wins = {} -- that Postgres has of the user of a refused win
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
    user_id, refused[i], known_wins[i] = string.match(user_id, '^([^\t]*)\t([^\t]*)\t?(%d*)$')
    ticket = PLAIN .. sub(ticket, 2, 54) .. user_id
  end
  users[i], tickets[i], kinds[i] = user_id, ticket, kind
  local place = pick(tonumber(sub(ticket, 10, 18)))
  numbers[i] = number_at[place] or give_number(place)
end

for i = 1, count do
  read_ticket(i)
end
local function numbered(place)
  return number_at[place] or give_number(place)
end
local fallback = odds.fallback and numbered(odds.fallback)
local moments_of = {} -- prize id → number
for _, place in ipairs(odds.moments or NONE) do
  moments_of[odds.ids[place]] = numbered(place)
end

-- 3. The day: first whether these are the data that the server knows. What is needed of it comes in the same read.

-- What a prize's numbers are in: {@rights}, then the field of each prize.
local RIGHTS, UNITS_OF = '@rights', '@r:'
local is_ranged = odds.sharded or odds.spares
local ranged = {}
for n, id in ipairs(is_ranged and ids or NONE) do
  ranged[n] = UNITS_OF .. id
end
local own_batches = '@s:' .. server
local day = call('HMGET', taken_today, '@epoch', own_batches, '@draws', unpack(ids))
if day[1] ~= epoch and (day[1] or '') .. '?' ~= epoch then
  return NOT_WHOLE
end
if tonumber(day[2] or 0) < tonumber(batches) then
  return LOST_WRITES
end

-- Numbers of units that can be taken: {granted size gone ranges}, space-separated; ranges, comma-separated, first-last, the
-- lowest first; gone: up to this number none is left on any shard. Where a campaign is on one shard, these are numbers that came
-- to nothing, and are taken before the next ones.
local pools_ever, pools_today, rights_ever, rights_today = NONE, NONE, '', ''
if is_ranged then
  local function read_pool(text)
    local granted, size, gone, list = string.match(text or '', '^(%d+) (%d+) (%d+) ?(.*)$')
    local pool = { granted = tonumber(granted or 0), size = tonumber(size or 0), gone = tonumber(gone or 0), ranges = {}, at = 1, count = 0 }
    for first, last in string.gmatch(list or '', '(%d+)-(%d+)') do
      pool.ranges[#pool.ranges + 1] = { tonumber(first), tonumber(last) }
      pool.count = pool.count + last - first + 1
    end
    return pool
  end

  local ever_texts = call('HMGET', taken, RIGHTS, unpack(ranged))
  local day_texts = call('HMGET', taken_today, RIGHTS, unpack(ranged))
  rights_ever, rights_today = ever_texts[1] or '?', day_texts[1] or ''
  if odds.sharded and (string.find(rights_ever, '?', 1, true) or rights_today ~= string.match(epoch, '[^?]*')) then
    return NOT_WHOLE
  end
  pools_ever, pools_today = {}, {}
  for n in ipairs(ids) do
    pools_ever[n], pools_today[n] = read_pool(ever_texts[n + 1]), read_pool(day_texts[n + 1])
  end
end

-- The day's log: the number of its next line. T: the table and all that was counted, where something of it changed otherwise than by
-- the lines before (src/verify/README.md).
local seq, lines, lines_of, table_line = nil, NONE, NONE, nil
if odds.verifiable or is_logged then
  local standing, log_of, kept, beacon = unpack(call('HMGET', taken_today, '@log', '@log_of', '@kept', '@beacon'))
  seq = tonumber(standing)
  if (seq ~= nil) ~= is_logged or (not standing and not closed) or standing == 'closed' or (seq and log_of ~= string.match(epoch, '[^?]*')) then
    return NOT_LOADED
  elseif seq and seq < tonumber(logged) - 1 then
    return LOST_WRITES
  elseif seq and seq - tonumber(kept or 0) > MOST_AHEAD then
    return BEHIND
  end
  if seq then
    lines, lines_of = {}, {}
    if call('HGET', taken, '@told') ~= draw_date then
      table_line = { beacon or 'null' }
    end
  end
end

local function put_line(kind, rest)
  lines[#lines + 1] = string.format('%d\t%s\t%s\t%s', seq, created_at, kind, rest)
  seq = seq + 1
end

if table_line then
  local proofs, hashes, version = unpack(call('HMGET', prizes, 'proof', 'moments', 'version'))
  local texts = proofs and cjson.decode(proofs)
  if not texts or not texts[draw_date] then
    return NOT_LOADED
  end
  -- The fields that are not 0, as JSON.
  local function counts_of(key)
    local counts = {}
    for n, n_taken in ipairs(call('HMGET', key, unpack(odds.ids))) do
      if n_taken and n_taken ~= '0' then
        counts[#counts + 1] = string.format('"%s":%s', odds.ids[n], n_taken)
      end
    end
    return '{' .. table.concat(counts, ',') .. '}'
  end
  local numbers = { {}, {} }
  if is_ranged and #odds.ids > 0 then
    local fields = {}
    for n, id in ipairs(odds.ids) do
      fields[n] = UNITS_OF .. id
    end
    for pool, key in ipairs({ taken, taken_today }) do
      for n, text in ipairs(call('HMGET', key, unpack(fields))) do
        numbers[pool][n] = text and string.match(text, '^%d+ %d+ %d+ ?(.*)$') or ''
      end
    end
  end
  local spare = {}
  for n, id in ipairs(odds.ids) do
    local all, of_day = numbers[1][n] or '', numbers[2][n] or ''
    if not odds.sharded and all .. of_day ~= '' then
      local function pairs_of(list)
        return '[' .. string.gsub(list, '(%d+)-(%d+)', '[%1,%2]') .. ']'
      end
      spare[#spare + 1] = string.format('"%s":{"all":%s,"day":%s}', id, pairs_of(all), pairs_of(of_day))
    end
  end
  local hash = hashes and cjson.decode(hashes)[draw_date]
  local claimed = odds.moments and call('ZRANGEBYSCORE', moments, '+inf', '+inf') or NONE
  local claims = {}
  for n, moment in ipairs(claimed) do
    claims[n] = string.match(moment, '%d+$')
  end
  local has_ids = #odds.ids > 0
  put_line('T', string.format(
    '%s\t{%s,"beacon":%s,"taken":%s,"taken_today":%s,"spare":{%s},"moments":%s,"claimed":[%s],"draws":{"ever":%s,"today":%s}}',
    version, texts[draw_date], table_line[1], has_ids and counts_of(taken) or '{}', has_ids and counts_of(taken_today) or '{}',
    table.concat(spare, ','), hash and '"' .. hash .. '"' or 'null', table.concat(claims, ','),
    call('HGET', taken, '@draws') or 0, day[3] or 0))
  if odds.sharded then
    for n, id in ipairs(odds.ids) do
      for pool, name in ipairs({ 'all', 'day' }) do
        for first, last in string.gmatch(numbers[pool][n] or '', '(%d+)-(%d+)') do
          put_line('L', table.concat({ id, name, first, last }, '\t'))
        end
      end
    end
  end
end
local lines_before = #lines -- what stands here before the first decision is put out only with one

local marks = call('HMGET', pending, unpack(users))
local ever = call('HMGET', taken, '@draws', unpack(ids))
local units, day_units, daily_quotas, before = {}, {}, {}, {}
for n, id in ipairs(ids) do
  local unit, day_unit, place = ever[n + 1] or '0', day[n + 3] or '0', places[n]
  if odds.sharded then
    -- Units are numbered from those that are held: the counters count what was taken of them.
    local ranges, day_ranges = pools_ever[n].ranges, pools_today[n].ranges
    before[3 * n - 1] = ranges[1] and string.format('%d', ranges[1][1] - 1) or '0'
    before[3 * n] = day_ranges[1] and string.format('%d', day_ranges[1][1] - 1) or '0'
  else
    before[3 * n - 1], before[3 * n] = unit, day_unit
  end
  before[3 * n - 2] = id
  units[n], day_units[n], daily_quotas[n] = tonumber(unit), tonumber(day_unit), odds.daily_quotas[place]
  if release and release[place] then
    daily_quotas[n] = released(daily_quotas[n], release[place][1], release[place][2])
  end
end

-- 4. Decisions.

local letters, others = {}, {}
local decided = {} -- user → the latest draw of this batch that was decided
local lists = {} -- user → the records of several draws a day; SAME_AS, attempt and number: of a draw of this batch
local left = {} -- draw → draws that its user has left
local draws = 0 -- decided for the first time
local wins, won = {}, 0
local remaining = {} -- user → the marks that are left of those that named no win any more
local carried = {} -- user → the draw that decides a marked win again
local win_counts = {} -- user → wins in the campaign, where they are limited
local claimed = {} -- moments

local outcome -- of the unit taken last, as the log has it
-- Where numbers are held, or came to nothing. Nobody else need pay for it: even to make a function takes time.
local asks, ask, take_number, has_number = NONE, nil, nil, nil
if is_ranged then
  -- The next number of a prize: of those that are held, else the one after the counter. false: none is left; nil: this shard holds
  -- none that can go. On one shard a number that came to nothing waits where as many as the quota were taken before that was lowered.
  local function next_number(pool, counter, most)
    local range = pool.ranges[pool.at]
    if range and (most < 0 or (range[1] <= most and (odds.sharded or counter - pool.count < most))) then
      return range[1], true
    elseif odds.sharded then
      if most >= 0 and most <= pool.gone then
        return false
      end
      return nil
    elseif most >= 0 and counter + 1 > most then
      return false
    end
    return counter + 1, false
  end

  local function spend(pool)
    local range = pool.ranges[pool.at]
    if range[1] == range[2] then
      pool.at = pool.at + 1
    else
      range[1] = range[1] + 1
    end
    pool.count = pool.count - 1
    pool.is_spent = true
  end

  -- Whether a prize has a number of each pool, or may have.
  has_number = function(n)
    return next_number(pools_ever[n], units[n], odds.total_quotas[places[n]]) ~= false
      and next_number(pools_today[n], day_units[n], daily_quotas[n]) ~= false
  end

  asks = {}
  local asked = {}
  ask = function(n, kind, pool, rights, most, urgency)
    local key = kind .. n
    if not asked[key] then
      asked[key] = true
      asks[#asks + 1] = table.concat(
        { ids[n], kind, rights, string.format('%d', pool.granted), string.format('%d', most), urgency }, '\t')
    end
  end

  -- What was told of a prize's wins in this batch: the numbers of the latest, from which the next ones are counted.
  local told_unit, told_day_unit = {}, {}

  -- As take, and returns the suffix with the numbers, where these are not the next ones.
  take_number = function(n, suffix)
    local total_quota, daily_quota = odds.total_quotas[places[n]], daily_quotas[n]
    local pool, day_pool = pools_ever[n], pools_today[n]
    local unit, is_held = next_number(pool, units[n], total_quota)
    local day_unit, is_day_held = next_number(day_pool, day_units[n], daily_quota)
    if unit == false or day_unit == false then
      return false
    elseif not unit or not day_unit then
      if not unit then
        ask(n, 'e', pool, rights_ever, total_quota, 's')
      end
      if not day_unit then
        ask(n, 'd', day_pool, rights_today, daily_quota, 's')
      end
      return nil
    end
    told_unit[n] = told_unit[n] or tonumber(before[3 * n - 1])
    told_day_unit[n] = told_day_unit[n] or tonumber(before[3 * n])
    if unit ~= told_unit[n] + 1 or day_unit ~= told_day_unit[n] + 1 then
      suffix = string.format('%s=%d:%d', suffix or '', unit, day_unit)
    end
    told_unit[n], told_day_unit[n] = unit, day_unit
    if is_logged then
      outcome = string.format('%s:%d:%d', ids[n], unit, day_unit)
    end
    if is_held then
      spend(pool)
    end
    if is_day_held then
      spend(day_pool)
    end
    if odds.sharded or not is_held then
      units[n] = units[n] + 1
    end
    if odds.sharded or not is_day_held then
      day_units[n] = day_units[n] + 1
    end
    return true, suffix
  end
end

-- Takes a unit of a prize for a draw. false: none is left; nil: this shard holds none that can go.
local function take(n, i, suffix)
  if not n then
    return false
  end
  if take_number then
    local is_taken
    is_taken, suffix = take_number(n, suffix)
    if not is_taken then
      return is_taken
    end
  else
    local unit, day_unit = units[n] + 1, day_units[n] + 1
    local total_quota, daily_quota = odds.total_quotas[places[n]], daily_quotas[n]
    if (total_quota >= 0 and unit > total_quota) or (daily_quota >= 0 and day_unit > daily_quota) then
      return false
    end
    units[n], day_units[n] = unit, day_unit
    if is_logged then
      outcome = string.format('%s:%d:%d', ids[n], unit, day_unit)
    end
  end
  if is_logged then
    suffix = string.format('%s~%d', suffix or '', seq)
  end
  wins[won + 1], wins[won + 2] = suffix and ids[n] .. suffix or ids[n], tickets[i]
  won = won + 2
  return true
end

-- Moments that are due, the oldest first, a page at a time. One that finds no unit of its prize finds none in this batch.
local PAGE = 100
local due, due_at, due_read, due_more = NONE, 0, 0, true
local function next_due()
  if due_at == #due and due_more then
    due = call('ZRANGEBYSCORE', moments, '-inf', created_at, 'LIMIT', due_read, PAGE)
    due_at, due_read, due_more = 0, due_read + #due, #due == PAGE
  end
  due_at = due_at + 1
  return due[due_at]
end

local function take_moment(i, suffix)
  local moment = due_at <= #due and next_due()
  while moment do
    local prize_id, id = string.match(moment, '^(.*)/(%d+)$')
    local is_taken = take(moments_of[prize_id], i, (suffix or '') .. '@' .. id)
    if is_taken then
      claimed[#claimed + 1] = moment
      return true
    elseif is_taken == nil then
      due_at = due_at - 1
      return nil
    end
    moment = next_due()
  end
  due_at = #due + 1
  return false
end

-- Whether a prize has a unit left.
local function has_unit(n)
  if not n then
    return false
  elseif has_number then
    return has_number(n)
  end
  local total_quota, daily_quota = odds.total_quotas[places[n]], daily_quotas[n]
  return (total_quota < 0 or units[n] < total_quota) and (daily_quota < 0 or day_units[n] < daily_quota)
end

-- Whether a draw would win, if its user might.
local function would_win(i)
  local moment = odds.moments and due_at <= #due and next_due()
  while moment do
    if has_unit(moments_of[string.match(moment, '^(.*)/%d+$')]) then
      due_at = due_at - 1
      return true
    end
    moment = next_due()
  end
  if odds.moments then
    due_at = #due + 1
  end
  return has_unit(numbers[i]) or has_unit(fallback)
end

-- The user's wins in the campaign. Those before a refused win are what Postgres has: the refused one is counted here.
local function wins_of(i)
  local user_id = users[i]
  win_counts[user_id] = win_counts[user_id] or tonumber(call('HGET', KEYS[KEYS_BEFORE + count + i], user_id) or 0)
  return refused[i] and tonumber(known_wins[i]) or win_counts[user_id]
end

local function count_win(i, wins_before, is_won)
  local standing = win_counts[users[i]]
  if is_won then
    win_counts[users[i]] = math.max(standing, wins_before + 1)
  elseif refused[i] then
    win_counts[users[i]] = math.max(standing - 1, wins_before)
  end
end

local function used_of(list)
  local used = 0
  for _, record in ipairs(list) do
    used = used + (record ~= '' and 1 or 0)
  end
  return used
end

local function free_number(list)
  local no = 1
  while (list[no] or '') ~= '' do
    no = no + 1
  end
  return no
end

local function decide(i, list)
  if closed and kinds[i] ~= REFUSED then
    letters[i] = closed
    return
  end
  local user_id, no, suffix = users[i], 1, nil
  if refused[i] then
    no = number_of(refused[i])
  elseif draws_per_day > 1 then
    no = free_number(list)
  end
  if is_logged and number_of(ARGV[ARGV_BEFORE + count + i]) ~= no then
    letters[i] = SEE_OTHER
    others[#others + 1] = OF_NUMBER .. no
    return
  end
  if no > 1 then
    suffix = '/' .. no
  end
  local may_win, wins_before, is_won, how = true, nil, false, ''
  if wins_per_user then
    wins_before = wins_of(i)
    may_win = wins_before < wins_per_user
    suffix = (suffix or '') .. '#' .. wins_before + 1
  end
  if may_win then
    -- A moment that is due, else the prize that the roll meets, else the fallback; nil: this shard can't tell yet.
    if odds.moments then
      is_won, how = take_moment(i, suffix), 'moment'
    end
    if is_won == false then
      is_won, how = take(numbers[i], i, suffix), ''
    end
    if is_won == false then
      is_won, how = take(fallback, i, suffix), 'fallback'
    end
    if is_won == nil then
      letters[i] = STARVED
      return
    end
  end
  if is_logged then
    if not may_win and would_win(i) then
      how = 'limited'
    elseif not is_won then
      how = ''
    end
    lines_of[#lines_of + 1] = i
    put_line('D', string.format('%s\t%d\t%d\t%s\t%s', where_of(ARGV[ARGV_BEFORE + count + i]), no,
      tonumber(sub(tickets[i], 10, 18)), is_won and outcome or '-', how))
  end
  decided[user_id] = i
  draws = draws + (kinds[i] == REFUSED and 0 or 1)
  letters[i] = is_won and NEW_WIN or NO_PRIZE
  if wins_per_user then
    count_win(i, wins_before, is_won)
  end
  if draws_per_day > 1 or #list > 1 then
    local copy = {}
    for n = 1, math.max(no, #list) do
      copy[n] = list[n] or ''
    end
    copy[no] = SAME_AS .. attempt_of(tickets[i]) .. i
    lists[user_id] = copy
  end
end

-- 5. What was decided before. Each function answers the draw and returns true, or does nothing.

local function answer(i, other)
  letters[i] = SEE_OTHER
  others[#others + 1] = other
  return true
end

-- The record of this very attempt, and its number.
local function of_attempt(list, ticket)
  local attempt = attempt_of(ticket)
  for no, record in ipairs(list) do
    if sub(record, 2, 9) == attempt then
      return record, no
    end
  end
end

-- A key that comes again after midnight keeps its outcome: its record of the day before.
local function decided_before(i, players_before)
  if players_before then
    return of_attempt(split(call('HGET', players_before, users[i])), tickets[i])
  end
end

-- A win is told until its entry is gone or its record no longer names it.
local told = {} -- entries whose wins are in the answer: a crowd that retries would get them once each
local function in_outbox(i, place)
  local entry = where_of(place)
  if told[entry] then
    return answer(i, IN_OUTBOX .. place)
  end
  local found = call('XRANGE', outbox, entry, entry)[1]
  told[entry] = found
  return found and answer(i, IN_OUTBOX .. place .. '\n' .. found[2][2])
end

-- The row of that day's win may be late.
local function answer_before(i, earlier, no)
  if letter_of(earlier) == LOST then
    return answer(i, LOST_ON .. date_before)
  end
  local entry = entry_of(earlier)
  return (entry and in_outbox(i, place_of(entry, no))) or answer(i, HAS_ROW .. place_of(date_before, no))
end

-- A win whose winner was not told, mostly of an earlier day. Marks that name no win any more go.
local function marked(i, mark)
  local items = split(mark)
  for n, place in ipairs(items) do
    if letter_of(place) == ROW_OF_DAY then
      answer(i, HAS_ROW .. sub(place, 2))
    else
      in_outbox(i, place)
    end
    if letters[i] then
      return true
    end
    remaining[users[i]] = table.concat(items, ',', n + 1)
  end
end

-- A win that the outbox still holds. While draws are left, only one whose server must have failed.
local function unsettled(i, list, has_left)
  for no, record in ipairs(list) do
    local entry = letter_of(record) == WON and entry_of(record)
    local is_due = entry and not (has_left and now - tonumber(string.match(entry, '%d+')) < UNDER_WAY)
    if is_due and in_outbox(i, place_of(entry, no)) then
      return true
    end
  end
end

-- A win of this batch.
local function just_won(i, list)
  for _, record in ipairs(list) do
    local first = letter_of(record) == SAME_AS and tonumber(sub(record, 10))
    if first and letters[first] == NEW_WIN then
      return answer(i, SAME_AS .. first)
    end
  end
end

-- The user has drawn, or is to be told of a win first.
local function repeated(i, list, mark, players_before)
  local own, own_no = of_attempt(list, tickets[i])
  if own and letter_of(own) == SAME_AS then
    return answer(i, SAME_AS .. sub(own, 10))
  elseif own and letter_of(own) == LOST then
    letters[i] = NO_PRIZE
    return true
  elseif own then
    local entry = entry_of(own)
    return (entry and in_outbox(i, place_of(entry, own_no))) or answer(i, HAS_ROW .. place_of(draw_date, own_no))
  end
  local earlier, earlier_no = decided_before(i, players_before)
  -- Drawn today since: then yesterday's win was delivered, and what is not delivered is a later one.
  if earlier and (#list > 0 or letter_of(earlier) == LOST) then
    return answer_before(i, earlier, earlier_no)
  end
  if mark and marked(i, mark) then
    return true
  end
  local has_left = used_of(list) < draws_per_day
  if unsettled(i, list, has_left) then
    return true
  end
  if earlier then
    return answer_before(i, earlier, earlier_no)
  end
  if has_left then
    return false
  end
  if just_won(i, list) then
    return true
  end
  letters[i] = closed or PARTICIPATED
  return true
end

-- A win that Postgres refused is decided again as long as the user's record or mark still names it.
local function is_marked(mark, place)
  return mark and string.find(',' .. mark .. ',', ',' .. place .. ',', 1, true) ~= nil
end
local function names(place, list, mark)
  local record = list[number_of(place)]
  return is_marked(mark, place) or (record and letter_of(record) == WON and entry_of(record) == where_of(place))
end

-- 6. Draw by draw.

local before_at = KEYS_BEFORE + (wins_per_user and 2 or 1) * count
for i = 1, count do
  local user_id, mark, players_before = users[i], marks[i], nil
  if kinds[i] == KEYED then
    before_at = before_at + 1
    players_before = KEYS[before_at]
  end
  local first, list = decided[user_id], lists[user_id]
  if first then
    -- What the marks named was told or decided by the first.
    mark = nil
    list = list or { SAME_AS .. attempt_of(tickets[first]) .. first }
  else
    list = split(call('HGET', KEYS[KEYS_BEFORE + i], user_id))
  end
  if refused[i] and names(refused[i], list, mark) then
    decide(i, list)
    carried[user_id] = letters[i] ~= STARVED and is_marked(mark, refused[i]) and i or nil
  elseif (list == NONE and not mark and not players_before) or not repeated(i, list, mark, players_before) then
    decide(i, list)
  end
  if draws_per_day > 1 then
    left[i] = math.max(0, draws_per_day - used_of(lists[user_id] or list))
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
  if #lines > lines_before then
    counted_today[#counted_today + 1], counted_today[#counted_today + 2] = '@log', seq
    if table_line then
      counted[#counted + 1], counted[#counted + 2] = '@told', draw_date
    end
  end
  -- The day's expiry stands since its epoch began (reload.lua).
  call('HSET', taken, unpack(counted))
  call('HSET', taken_today, unpack(counted_today))
end

local function count_wins()
  for user_id, i in pairs(decided) do
    if win_counts[user_id] then
      local wins_ever = KEYS[KEYS_BEFORE + count + i]
      call('HSET', wins_ever, user_id, win_counts[user_id])
    end
  end
  -- Behind all that is ever due, so that a reload that does not know of the claim can't make it due again.
  for _, moment in ipairs(claimed) do
    call('ZADD', moments, '+inf', moment)
  end
end

local function put_out()
  local text = draw_date .. '\t' .. created_at .. '\n' .. table.concat(before, '\t') .. '\n' .. table.concat(wins, '\t')
  return call('XADD', outbox, '*', 'wins', text), text
end

local function update_marks(entry)
  for user_id, i in pairs(carried) do
    local items = {}
    for _, place in ipairs(split(marks[i])) do
      if place ~= refused[i] then
        items[#items + 1] = place
      end
    end
    if letters[i] == NEW_WIN then
      items[#items + 1] = place_of(entry, number_of(refused[i]))
    end
    remaining[user_id] = table.concat(items, ',')
  end
  for user_id, mark in pairs(remaining) do
    if mark == '' then
      call('HDEL', pending, user_id)
    else
      call('HSET', pending, user_id, mark)
    end
  end
end

local function record_of(i, entry)
  local attempt = attempt_of(tickets[i])
  return letters[i] == NEW_WIN and WON .. attempt .. entry or LOST .. attempt
end

local function write_record(user_id, i, entry)
  local players, records = KEYS[KEYS_BEFORE + i], nil
  if lists[user_id] then
    local list = lists[user_id]
    for no, record in ipairs(list) do
      if letter_of(record) == SAME_AS then
        list[no] = record_of(tonumber(sub(record, 10)), entry)
      end
    end
    records = table.concat(list, ',')
  end
  call('HSET', players, user_id, records or record_of(i, entry))
  -- Only a bucket's first record sets its expiry: an EXPIREAT each would double what goes to the append-only file.
  if call('HLEN', players) == 1 then
    call('EXPIREAT', players, expires_at)
  end
end

local entry, text, log_text = '', '', ''
if draws > 0 or won > 0 or #lines > lines_before then
  count_up()
end
if #lines > lines_before then
  log_text = table.concat(lines, '\n')
  local log = KEYS[#KEYS]
  call('XADD', log, string.format('%d-0', seq), 'lines', log_text)
  log_text = table.concat(lines_of, ',') .. '\n' .. log_text
end
if is_ranged then
  local function put_pools(key, pools)
    for n, pool in ipairs(pools) do
      if pool.is_spent and not odds.sharded and not pool.ranges[pool.at] then
        call('HDEL', key, ranged[n])
      elseif pool.is_spent then
        local list = {}
        for at = pool.at, #pool.ranges do
          list[#list + 1] = string.format('%d-%d', pool.ranges[at][1], pool.ranges[at][2])
        end
        local text = string.format('%d %d %d %s', pool.granted, pool.size, pool.gone, table.concat(list, ','))
        call('HSET', key, ranged[n], text)
      end
    end
  end
  put_pools(taken, pools_ever)
  put_pools(taken_today, pools_today)
end
if wins_per_user or #claimed > 0 then
  count_wins()
end
if won > 0 then
  entry, text = put_out()
end
update_marks(entry)
for i = 1, count do
  if decided[users[i]] == i then
    write_record(users[i], i, entry)
  end
end

if odds.sharded then
  -- Where less than a quarter of the latest grant is left, more should come before it runs dry.
  local function ask_early(n, kind, pool, rights, most)
    if pool.is_spent and pool.count > 0 and pool.count * 4 < pool.size then
      ask(n, kind, pool, rights, most, 'l')
    end
  end
  for n in ipairs(ids) do
    ask_early(n, 'e', pools_ever[n], rights_ever, odds.total_quotas[places[n]])
    ask_early(n, 'd', pools_today[n], rights_today, daily_quotas[n])
  end
end

return {
  entry, text, table.concat(letters), written, table.concat(left, ','), table.concat(asks, '\t'), log_text,
  unpack(others)
}
