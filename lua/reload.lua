#!lua
-- reload: puts the prize table in force and lifts the counters to what Postgres holds. It only raises: Postgres lags
-- behind the wins under way, so a counter set to its count would sell those units twice.
--
-- KEYS    prizes taken taken_today known
-- ARGV    version listing expires_at known_for
--         per prize: id odds_to daily_quota total_quota unit day_unit
--   version      moves on with every edit of the prizes; empty: raise the counters, leave the table
--   listing      the table in force as JSON, for GET /prizes
--   known_for    seconds that known is kept for
--   odds_to      where the prize's stretch of the odds ends, in parts per billion; empty: not in force
--   *_quota      -1: unlimited          unit, day_unit   the greatest in Postgres, ever and on the day
-- RETURNS {version lineage}: the version in force, or empty where no table is; the replication id of this Redis, which
--         a restart and a promotion change
-- WRITES  prizes taken taken_today known
-- COST    O(prizes)

local prizes, taken, taken_today, known = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local version, listing, expires_at, known_for = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local call = redis.call

local function raise(key, prize_id, n)
  if n > tonumber(call('HGET', key, prize_id) or 0) then
    call('HSET', key, prize_id, string.format('%d', n))
  end
end

-- Before anything raises them, the counters of a Redis that was restarted or promoted tell whose wins it knows: units up
-- to them, since a unit and its winner are written together. What lies above may be another Redis's.
local lineage = string.match(call('INFO', 'replication'), 'master_replid:(%x+)')
if call('HGET', known, '@') ~= lineage then
  for at = 5, #ARGV, 6 do
    call('HSETNX', known, ARGV[at], call('HGET', taken_today, ARGV[at]) or '0')
  end
  call('HSET', known, '@', lineage)
  call('EXPIRE', known, known_for)
end

local odds = { ids = {}, odds_to = {}, daily_quotas = {}, total_quotas = {} }
for at = 5, #ARGV, 6 do
  local prize_id, odds_to = ARGV[at], ARGV[at + 1]
  raise(taken, prize_id, tonumber(ARGV[at + 4]))
  raise(taken_today, prize_id, tonumber(ARGV[at + 5]))
  if odds_to ~= '' then
    local place = #odds.ids + 1
    odds.ids[place], odds.odds_to[place] = prize_id, tonumber(odds_to)
    odds.daily_quotas[place], odds.total_quotas[place] = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  end
end
call('EXPIREAT', taken_today, expires_at)

local in_force = call('HGET', prizes, 'version')
if version ~= '' and (not in_force or tonumber(version) >= tonumber(in_force)) then
  call('HSET', prizes, 'version', version, 'listing', listing, 'odds', cmsgpack.pack(odds))
  in_force = version
end
return { in_force or '', lineage }
