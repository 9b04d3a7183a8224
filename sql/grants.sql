-- What the roles of roles.sql may do with the tables. `npm run migrate` runs it as the owner after every migration; it
-- may run any number of times.

-- Serving: POST /draw, /redeem, /prizes, and the look at what is migrated.
grant select on migration, campaign, prize, prize_version, campaign_version, moment, identity, result, prize_change,
  redemption_count to lucky_server;
grant insert (id, user_id, prize_id, draw_date, unit, day_unit, created_at, campaign_id, draw_no, win_no, moment_id) on result
  to lucky_server;
grant update (phone_no, redeemed_at) on result to lucky_server;
-- Everybody may, unless the database's default privileges say otherwise.
grant execute on function redeem_results(uuid[], text[], text[], float8[], date[]),
  redeem_results(uuid[], text[], text[], float8[], date, text[], date[]) to lucky_server;
-- /admin changes prizes under a lock of the table; its version moves with them. The INSERT of wins locks rows of it.
grant insert, update on campaign, prize to lucky_server;
grant insert, delete on moment to lucky_server;
grant execute on function prize_table(text), change_prizes(text, jsonb, bigint, text, boolean, text), campaign_table(),
  change_campaign(text, jsonb, bigint, text, boolean), copy_campaign(text, text, text) to lucky_server;

-- Campaigns on several shards.
grant select on shard_units, shard_rights, shard_lease to lucky_server;
grant execute on function grant_units(text, text, date, int, text, int, bigint),
  return_units(text, text, date, int, text, int8multirange, text), look_for_units(text, text, date, bigint, text), read_rights(text, date, int, text), forget_units(date),
  lease_units(text, text, text, float8) to lucky_server;

-- Draws that anybody can check: nothing that is published is deleted, and of a day only its end is written later.
grant select, insert on proof_day, proof_log, proof_chunk, proof_win, proof_moments to lucky_server;
grant update (close, beacon_signature) on proof_day to lucky_server;
grant update on proof_log to lucky_server;
grant delete on proof_win to lucky_server; -- the line stays: what is void is no win

-- Reports, without phone numbers.
grant select on migration, campaign, prize, prize_version, prize_change, redemption_count,
  proof_day, proof_log, proof_chunk, proof_win, proof_moments to lucky_reader;
grant select (id, user_id, prize_id, draw_date, unit, day_unit, created_at, redeemed_at, campaign_id, draw_no, win_no, moment_id)
  on result to lucky_reader;
