-- What the roles of roles.sql may do with the tables. `npm run migrate` runs it as the owner after every migration; it
-- may run any number of times.

-- Serving: POST /draw, /redeem, /prizes, and the look at what is migrated.
grant select on migration, prize, prize_version, result to lucky_server;
grant insert (id, user_id, prize_id, draw_date, unit, day_unit, created_at) on result to lucky_server;
grant update (phone_no, redeemed_at) on result to lucky_server;
-- The INSERT of wins locks the prizes that it names, and PostgreSQL lets nobody lock a row without a column to update.
grant update (title) on prize to lucky_server;

-- Reports, without phone numbers.
grant select on migration, prize, prize_version to lucky_reader;
grant select (id, user_id, prize_id, draw_date, unit, day_unit, created_at, redeemed_at) on result to lucky_reader;
