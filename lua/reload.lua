#!lua
-- reload: puts the prize table in force, lifts the counters to what Postgres holds, and names the day's data. It only
-- raises: Postgres lags behind the wins under way, so a counter set to its count would sell those units twice. Where
-- something of the day was lost, its data get a new name, and with it every server knows.
--
-- KEYS    prizes taken taken_today
-- ARGV    version listing expires_at identity time_zone revision now epoch lost restored rules proof
--         per prize: id odds_to daily_quota total_quota unit day_unit fallback release moments
--   version      moves on with every edit of the prizes; empty: raise the counters, leave the table
--   listing      the table in force as JSON, for GET /prizes
--   identity     of the product, from Postgres          time_zone  that decides what a day is
--   revision     of the scripts' data                   now        milliseconds, by the clock that servers share
--   rules        of the campaign, as JSON: starts_at and ends_at in milliseconds, draws_per_day, wins_per_user, inactive, empty where
--                it has no prizes, sharded where it is on several; what is not limited is left out
--   proof        empty where no day has a log; else JSON: day → the table and the rules, as the line of a log has them
--   epoch        a new name, to be taken where something was lost
--   lost         the name that the server knows to be lost, or empty
--   restored     the name whose winners are all back, or empty
--   odds_to      where the prize's stretch of the odds ends, in parts per billion; empty: not in force
--   *_quota      -1: unlimited          unit, day_unit   the greatest in Postgres, ever and on the day
--   fallback     1: whoever would get no prize gets this one; else 0
--   release      empty: the daily quota is there from midnight on; else JSON: day → [from, to] in milliseconds
--   moments      1: some may wait for whoever draws next; else 0
-- RETURNS {version epoch rights}: the version in force, or empty where no table is; the name of the day's data, with a ? until
--         its winners are back; where the campaign is sharded, the name of the numbers that this shard holds ever, with a ? until
--         install.lua has put them there. Or {differs what theirs}, and nothing is written: these data are another product's, or of
--         servers that run with another setting; what is identity, time_zone or revision
-- WRITES  prizes taken taken_today
-- COST    O(prizes)

local prizes, taken, taken_today = KEYS[1], KEYS[2], KEYS[3]
local RIGHTS, UNITS_OF = '@rights', '@r:' -- draw.lua has them all
local version, listing, expires_at, identity, time_zone, revision, now, epoch, lost, restored, rules, proof =
  ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11], ARGV[12]
local HEAD = 12
local call = redis.call

-- For so many milliseconds after its last look, a server keeps out servers with another time zone.
local HELD = 10000

local theirs = call('HMGET', prizes, 'identity', 'revision', 'time_zone', 'time_zone_until')
if theirs[1] and theirs[1] ~= identity then
  return { 'differs', 'identity', theirs[1] }
end
if theirs[2] and theirs[2] ~= revision then
  return { 'differs', 'revision', theirs[2] }
end
-- A zone that is the campaign's own, in Postgres, is empty here: every server reads the same.
if (theirs[3] or '') ~= '' and time_zone ~= '' and theirs[3] ~= time_zone and tonumber(now) < tonumber(theirs[4]) then
  return { 'differs', 'time_zone', theirs[3] }
end

local behind = false
local function raise(key, prize_id, n)
  if n > tonumber(call('HGET', key, prize_id) or 0) then
    call('HSET', key, prize_id, string.format('%d', n))
    behind = true
  end
end

local odds = cjson.decode(rules)
odds.ids, odds.odds_to, odds.daily_quotas, odds.total_quotas = {}, {}, {}, {}
for at = HEAD + 1, #ARGV, 9 do
  local prize_id, odds_to = ARGV[at], ARGV[at + 1]
  raise(taken, prize_id, tonumber(ARGV[at + 4]))
  raise(taken_today, prize_id, tonumber(ARGV[at + 5]))
  if not odds.sharded and not odds.spares then
    odds.spares = call('HEXISTS', taken, UNITS_OF .. prize_id) + call('HEXISTS', taken_today, UNITS_OF .. prize_id) > 0 or nil
  end
  if odds_to ~= '' then
    local place = #odds.ids + 1
    odds.ids[place], odds.odds_to[place] = prize_id, tonumber(odds_to)
    odds.daily_quotas[place], odds.total_quotas[place] = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
    if ARGV[at + 6] == '1' then
      odds.fallback = place
    end
    if ARGV[at + 7] ~= '' then
      odds.release = odds.release or {}
      for date, window in pairs(cjson.decode(ARGV[at + 7])) do
        odds.release[date] = odds.release[date] or {}
        odds.release[date][place] = window
      end
    end
    if ARGV[at + 8] == '1' then
      odds.moments = odds.moments or {}
      table.insert(odds.moments, place)
    end
  end
end

-- A restart and a promotion change the replication id: the last writes may be gone. The same holds where Postgres has
-- more than is counted here, unless winners are being restored already.
local current, lineage_before, counting = unpack(call('HMGET', taken_today, '@epoch', '@lineage', '@counting'))
-- Where nobody may ask INFO, as some hosts have it, the lineage is taken for what it was.
local info = redis.pcall('INFO', 'replication')
local lineage = type(info) == 'string' and string.match(info, 'master_replid:(%x+)') or lineage_before or ''
local name = string.match(current or '', '[^?]*')
local in_force = call('HGET', prizes, 'version')
local is_newer = version ~= '' and (not in_force or tonumber(version) >= tonumber(in_force))
-- Where wins begin to be limited, nobody has counted them.
local is_uncounted = is_newer and odds.wins_per_user ~= nil and not counting
if not current or (lineage_before or '') ~= lineage or name == lost or (behind and current == name) or is_uncounted then
  current = epoch .. '?'
  call('HSET', taken_today, '@epoch', current, '@lineage', lineage)
  call('HDEL', taken_today, '@restorer')
elseif name == restored then
  current = name
  call('HSET', taken_today, '@epoch', current)
end
if is_uncounted then
  call('HSET', taken_today, '@counting', '1')
elseif is_newer and counting and odds.wins_per_user == nil then
  call('HDEL', taken_today, '@counting')
end
call('EXPIREAT', taken_today, expires_at)

local rights = ''
if odds.sharded then
  local standing, rights_lineage = unpack(call('HMGET', taken, RIGHTS, '@lineage'))
  rights = standing
  if not standing or rights_lineage ~= lineage or name == lost then
    rights = epoch .. '?'
    call('HSET', taken, RIGHTS, rights, '@lineage', lineage)
  end
end

if is_newer then
  call('HSET', prizes, 'version', version, 'listing', listing, 'odds', cmsgpack.pack(odds))
  if proof ~= '' then
    call('HSET', prizes, 'proof', proof)
  else
    call('HDEL', prizes, 'proof')
  end
  in_force = version
end
-- The next line of a log says what is counted and in force now.
if proof ~= '' then
  call('HDEL', taken, '@told')
end
call(
  'HSET', prizes, 'identity', identity, 'revision', revision,
  'time_zone', time_zone, 'time_zone_until', string.format('%d', tonumber(now) + HELD)
)
return { in_force or '', current, rights }
