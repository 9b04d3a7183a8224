create table prize (
  id text primary key check (id ~ '^[A-Za-z0-9_.-]{1,64}$'),
  title text not null check (char_length(title) between 1 and 200),
  probability numeric not null check (probability between 0 and 1),
  daily_quota int check (daily_quota >= 0),
  total_quota int check (total_quota >= 0),
  active boolean not null default true
);

-- One row that every edit of `prize` moves on, whoever makes it, so that a server sees an edit by reading one
-- number, and an older snapshot of the prizes never replaces a newer one. Editors queue on this row, so versions
-- follow the order of commits. A clock value rather than a plain count: after a restore from a backup the next edit
-- is still newer than what Redis holds.
create table prize_version (
  only_row boolean primary key default true check (only_row),
  version bigint not null
);

insert into prize_version (version) values ((extract(epoch from clock_timestamp()) * 1000000)::bigint);

create function move_prize_version() returns trigger language plpgsql as $$
begin
  update prize_version
  set version = greatest(version + 1, (extract(epoch from clock_timestamp()) * 1000000)::bigint);
  return null;
end
$$;

create trigger prize_edited
after insert or update or delete or truncate on prize
for each statement execute function move_prize_version();
