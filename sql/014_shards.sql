-- A campaign may be spread over several shards. Their quotas are split by the numbers of units: each shard holds numbers that
-- no other holds and takes its wins from them, so that a unit's number stays unique for its prize. This is the ledger of who
-- holds which; what a shard has spent of its numbers, its Redis and the rows of result know.
alter table campaign add column shards int not null default 1 check (shards between 1 and 64);

-- shard -1 holds the numbers that nobody may take any more, since as many went beyond a quota before that was lowered.
create table shard_units (
  campaign_id text not null,
  prize_id text not null,
  draw_date date not null, -- whose day_unit they number; infinity: unit, of all days
  shard smallint not null check (shard between -1 and 63),
  held int8multirange not null default '{}', -- also those that it has spent
  granted int not null default 0, -- how many grants there were
  latest int8multirange not null default '{}', -- the latest of them
  primary key (campaign_id, prize_id, draw_date, shard)
);

-- For which data of a shard in Redis its numbers were read last: a grant or a return that goes by older data is refused.
create table shard_rights (
  campaign_id text not null,
  draw_date date not null,
  shard smallint not null,
  name text not null,
  primary key (campaign_id, draw_date, shard)
);

-- Who moves a prize's numbers from shard to shard, and finds that it is gone: one server at a time.
create table shard_lease (
  campaign_id text not null,
  prize_id text not null,
  holder text not null,
  until timestamptz not null,
  primary key (campaign_id, prize_id)
);

-- The first n of these numbers.
create function first_units(units int8multirange, n bigint) returns int8multirange language plpgsql immutable as $$
declare
  chosen int8multirange := '{}';
  part int8range;
  missing bigint := n;
begin
  for part in select u from unnest(units) as u order by u loop
    exit when missing <= 0;
    part := int8range(lower(part), least(coalesce(upper(part), lower(part) + missing), lower(part) + missing));
    chosen := chosen + int8multirange(part);
    missing := missing - (upper(part) - lower(part));
  end loop;
  return chosen;
end
$$;

-- The last n of these numbers, which have an end.
create function last_units(units int8multirange, n bigint) returns int8multirange language plpgsql immutable as $$
declare
  chosen int8multirange := '{}';
  part int8range;
  missing bigint := n;
begin
  for part in select u from unnest(units) as u order by u desc loop
    exit when missing <= 0;
    part := int8range(greatest(lower(part), upper(part) - missing), upper(part));
    chosen := chosen + int8multirange(part);
    missing := missing - (upper(part) - lower(part));
  end loop;
  return chosen;
end
$$;

create function count_units(units int8multirange) returns bigint language sql immutable as $$
  select coalesce(sum(upper(u) - lower(u)), 0)::bigint from unnest(units) as u
$$;

-- Everything that concerns the numbers of one prize and day, one after the other.
create function lock_units(of_campaign text, of_prize text, of_date date) returns void language plpgsql as $$
begin
  perform from shard_units u
  where u.campaign_id = of_campaign and u.prize_id = of_prize and u.draw_date = of_date and u.shard = -1 for update;
  if not found then
    insert into shard_units (campaign_id, prize_id, draw_date, shard) values (of_campaign, of_prize, of_date, -1)
    on conflict do nothing;
    perform from shard_units u
    where u.campaign_id = of_campaign and u.prize_id = of_prize and u.draw_date = of_date and u.shard = -1 for update;
  end if;
end
$$;

-- Gives a shard numbers that nobody holds: of n free ones the n-th part of twice the shards, so that there are O(log n) grants a
-- shard. `known`: the grants that its Redis has; where that is one less than there were, the latest is given once more. `most`:
-- the greatest number that can be taken now, null for any. Returns what it may take: {"granted", "units": [[first, last]…]}, null
-- where nothing is free, {"stale": true} where `rights` are not those of now.
create function grant_units(
  of_campaign text, of_prize text, of_date date, to_shard int, rights text, known int, most bigint
) returns jsonb language plpgsql security definer as $$
declare
  own shard_units;
  quota bigint;
  parts int;
  free int8multirange;
  part int8multirange;
begin
  perform lock_units(of_campaign, of_prize, of_date);
  perform from shard_rights r
  where r.campaign_id = of_campaign and r.draw_date = of_date and r.shard = to_shard and r.name = rights for share;
  if not found then
    return '{"stale": true}';
  end if;
  select least(case when of_date = 'infinity' then p.total_quota else p.daily_quota end, most), c.shards into quota, parts
  from prize p join campaign c on c.id = p.campaign_id
  where p.campaign_id = of_campaign and p.id = of_prize;
  if not found then
    return null;
  end if;
  select u.* into own from shard_units u
  where u.campaign_id = of_campaign and u.prize_id = of_prize and u.draw_date = of_date and u.shard = to_shard;
  if own.granted > known + 1 or coalesce(own.granted, 0) < known then
    return '{"stale": true}';
  elsif own.granted = known + 1 then
    part := own.latest;
  else
    select int8multirange(int8range(1, quota + 1)) - coalesce(range_agg(h), '{}') into free
    from shard_units u, unnest(u.held) as h
    where u.campaign_id = of_campaign and u.prize_id = of_prize and u.draw_date = of_date;
    if isempty(free) then
      return null;
    end if;
    part := first_units(free, case
      when quota is not null then greatest(1, ceil(count_units(free) / (2.0 * parts))::bigint)
      else least(1000000, greatest(1000, 4 * coalesce(count_units(own.latest), 0)))
    end);
    insert into shard_units as u (campaign_id, prize_id, draw_date, shard, held, granted, latest)
    values (of_campaign, of_prize, of_date, to_shard, part, known + 1, part)
    on conflict (campaign_id, prize_id, draw_date, shard) do update
    set held = u.held + excluded.held, granted = excluded.granted, latest = excluded.latest;
  end if;
  return jsonb_build_object('granted', known + 1, 'units',
    (select jsonb_agg(jsonb_build_array(lower(u), upper(u) - 1) order by u) from unnest(part) as u));
end
$$;

-- Numbers that a shard has given up are free again. Returns whether; not, where `rights` are not those of now, or another server
-- may move numbers by now.
create function return_units(
  of_campaign text, of_prize text, of_date date, of_shard int, rights text, units int8multirange, mover text
) returns boolean language plpgsql security definer as $$
begin
  perform lock_units(of_campaign, of_prize, of_date);
  perform from shard_lease l where l.campaign_id = of_campaign and l.prize_id = of_prize and l.holder = mover for share;
  if not found then
    return false;
  end if;
  perform from shard_rights r
  where r.campaign_id = of_campaign and r.draw_date = of_date and r.shard = of_shard and r.name = rights for share;
  if not found then
    return false;
  end if;
  update shard_units u set held = u.held - units
  where u.campaign_id = of_campaign and u.prize_id = of_prize and u.draw_date = of_date and u.shard = of_shard;
  return true;
end
$$;

-- Begins new rights of a shard, or reads those of now once more: what it holds of each prize, and for each stretch of it the last
-- number that has a row. {PRIZE: {"granted", "size", "units": [[first, last, last with a row or 0]…]}}
create function read_rights(of_campaign text, of_date date, of_shard int, rights text) returns jsonb
language plpgsql security definer as $$
begin
  insert into shard_rights as r (campaign_id, draw_date, shard, name) values (of_campaign, of_date, of_shard, rights)
  on conflict (campaign_id, draw_date, shard) do update set name = excluded.name where r.name <> excluded.name;
  return coalesce((
    select jsonb_object_agg(u.prize_id, jsonb_build_object('granted', u.granted, 'size', count_units(u.latest), 'units', coalesce((
      select jsonb_agg(jsonb_build_array(lower(h), upper(h) - 1, coalesce(case
        when of_date = 'infinity' then (
          select max(w.unit) from result w
          where w.prize_id = u.prize_id and w.campaign_id = of_campaign and w.unit >= lower(h) and w.unit < upper(h)
        ) else (
          select max(w.day_unit) from result w
          where w.prize_id = u.prize_id and w.campaign_id = of_campaign and w.draw_date = of_date
            and w.day_unit >= lower(h) and w.day_unit < upper(h)
        ) end, 0)) order by h)
      from unnest(u.held) as h), '[]')))
    from shard_units u
    where u.campaign_id = of_campaign and u.draw_date = of_date and u.shard = of_shard
  ), '{}');
end
$$;

-- For whoever looks for a number up to `most`: how many grants each shard has had, whether one is free, and whether `mover` is
-- still the one that may move them. {"grants": {"SHARD": grants…}, "free", "mover"}
create function look_for_units(of_campaign text, of_prize text, of_date date, most bigint, mover text) returns jsonb
language plpgsql security definer as $$
declare
  quota bigint;
  held int8multirange;
  grants jsonb;
begin
  perform lock_units(of_campaign, of_prize, of_date);
  select least(case when of_date = 'infinity' then p.total_quota else p.daily_quota end, most) into quota
  from prize p where p.campaign_id = of_campaign and p.id = of_prize;
  if not found then
    quota := 0;
  end if;
  select coalesce(range_agg(h), '{}') into held from shard_units u, unnest(u.held) as h
  where u.campaign_id = of_campaign and u.prize_id = of_prize and u.draw_date = of_date;
  select coalesce(jsonb_object_agg(u.shard, u.granted) filter (where u.shard >= 0), '{}') into grants from shard_units u
  where u.campaign_id = of_campaign and u.prize_id = of_prize and u.draw_date = of_date;
  return jsonb_build_object(
    'grants', grants,
    'free', not held @> int8range(1, quota + 1),
    'mover', exists (
      select from shard_lease l where l.campaign_id = of_campaign and l.prize_id = of_prize and l.holder = mover
    )
  );
end
$$;

-- Days that are over are not needed any more.
create function forget_units(before date) returns void language sql security definer as $$
  delete from shard_units u where u.draw_date < before;
  delete from shard_rights r where r.draw_date < before
$$;

create function lease_units(of_campaign text, of_prize text, by_holder text, seconds float8) returns boolean
language plpgsql security definer as $$
begin
  insert into shard_lease as l (campaign_id, prize_id, holder, until)
  values (of_campaign, of_prize, by_holder, clock_timestamp() + make_interval(secs => seconds))
  on conflict (campaign_id, prize_id) do update set holder = excluded.holder, until = excluded.until
  where l.holder = excluded.holder or l.until < clock_timestamp();
  return found;
end
$$;

-- Wins of numbers beyond a quota count in it all the same: for each of them a number within it is nobody's any more.
create function void_units(of_campaign text, of_prize text, of_date date, quota bigint) returns void
language plpgsql security definer as $$
declare
  others int8multirange;
  open int8multirange;
  beyond bigint;
  chosen int8multirange;
begin
  perform lock_units(of_campaign, of_prize, of_date);
  select coalesce(range_agg(h), '{}') into others from shard_units u, unnest(u.held) as h
  where u.campaign_id = of_campaign and u.prize_id = of_prize and u.draw_date = of_date and u.shard >= 0;
  if of_date = 'infinity' then
    select count(*) filter (where w.unit > quota),
      int8multirange(int8range(1, quota + 1)) - coalesce(range_agg(int8range(w.unit, w.unit + 1)), '{}') into beyond, open
    from result w where w.prize_id = of_prize and w.campaign_id = of_campaign;
  else
    select count(*) filter (where w.day_unit > quota),
      int8multirange(int8range(1, quota + 1)) - coalesce(range_agg(int8range(w.day_unit, w.day_unit + 1)), '{}') into beyond, open
    from result w where w.prize_id = of_prize and w.campaign_id = of_campaign and w.draw_date = of_date;
  end if;
  chosen := first_units(open - others, beyond);
  chosen := chosen + last_units(open * others, beyond - count_units(chosen));
  update shard_units u set held = case when u.shard = -1 then chosen else u.held - chosen end
  where u.campaign_id = of_campaign and u.prize_id = of_prize and u.draw_date = of_date and (u.shard = -1 or u.held && chosen);
end
$$;

create function void_units_of_quota() returns trigger language plpgsql security definer as $$
declare
  of_date date;
begin
  if not exists (select from shard_units u where u.campaign_id = new.campaign_id and u.prize_id = new.id) then
    return null;
  end if;
  if new.total_quota is distinct from old.total_quota then
    perform void_units(new.campaign_id, new.id, 'infinity', new.total_quota);
  end if;
  if new.daily_quota is distinct from old.daily_quota then
    for of_date in
      select u.draw_date from shard_units u
      where u.campaign_id = new.campaign_id and u.prize_id = new.id and u.draw_date < 'infinity' and u.shard = -1 order by 1
    loop
      perform void_units(new.campaign_id, new.id, of_date, new.daily_quota);
    end loop;
  end if;
  return null;
end
$$;

create trigger prize_units_voided
after update of total_quota, daily_quota on prize
for each row execute function void_units_of_quota();

-- Who has drawn is known to a shard, so their number stays once somebody may have.
create function keep_shards() returns trigger language plpgsql security definer as $$
begin
  if new.shards <> old.shards and (
    (old.active and coalesce(old.starts_at < clock_timestamp() + interval '1 minute', true))
    or exists (select from result r where r.campaign_id = old.id)
  ) then
    raise exception using errcode = '22L12', message = format(
      'shards: that of %s is fixed, since somebody may have drawn; make another campaign, or set it while this one is inactive and has no results.',
      old.id);
  end if;
  if new.shards <> old.shards then
    delete from shard_units u where u.campaign_id = old.id;
    delete from shard_rights r where r.campaign_id = old.id;
  end if;
  return new;
end
$$;

create trigger campaign_shards_kept before update of shards on campaign
for each row execute function keep_shards();

-- As that of 013, and with the shards.
create or replace function change_campaign(mode text, given jsonb, expected bigint, changed_by text, preview boolean) returns jsonb
language plpgsql as $$
declare
  standing bigint;
  is_known boolean;
  answer jsonb;
begin
  lock table campaign in share row exclusive mode;
  select version into standing from prize_version;
  if expected <> standing then
    raise exception using errcode = '22L01',
      message = 'If-Match: the campaigns were changed meanwhile; read them again and send the new ETag.';
  end if;
  perform set_config('lucky_draw.changed_by', changed_by, true);
  is_known := exists (select from campaign c where c.id = given ->> 'id');
  if is_known and mode = 'create' then
    raise exception using errcode = '22L10', message = format('id: there is a campaign %s already; change that one.', given ->> 'id');
  elsif not is_known and mode = 'change' then
    raise exception using errcode = '22L08', message = format('id: there is no campaign %s.', given ->> 'id');
  end if;
  begin
    if mode = 'create' then
      insert into campaign select c.* from jsonb_populate_record(null::campaign,
        '{"draws_per_day": 1, "frozen": false, "active": true, "shards": 1}' || given) c;
    else
      update campaign
      set title = c.title, time_zone = c.time_zone, starts_at = c.starts_at, ends_at = c.ends_at, draws_per_day = c.draws_per_day,
        wins_per_user = c.wins_per_user, claim_days = c.claim_days, frozen = c.frozen, active = c.active, shards = c.shards
      from (select n.* from campaign o, jsonb_populate_record(o, given) n where o.id = given ->> 'id') c
      where campaign.id = c.id and campaign.* is distinct from c.*;
    end if;
    answer := campaign_table();
    if preview then
      raise exception using errcode = '22L00';
    end if;
  exception
    when sqlstate '22L00' then
      answer := answer || jsonb_build_object('version', standing::text);
    when check_violation then
      raise exception using errcode = '22L11', message = 'ends_at: must be after starts_at.';
  end;
  return answer;
end
$$;

do $$
declare
  signature regprocedure;
begin
  for signature in
    select p.oid from pg_proc p
    where p.pronamespace = (select oid from pg_namespace where nspname = current_schema()) and p.proname in (
      'change_campaign', 'first_units', 'last_units', 'count_units', 'lock_units', 'grant_units', 'return_units', 'read_rights',
      'look_for_units', 'forget_units', 'lease_units', 'void_units', 'void_units_of_quota', 'keep_shards'
    )
  loop
    execute format('alter function %s set search_path = %I, pg_temp', signature, current_schema());
  end loop;
end
$$;

revoke execute on function grant_units(text, text, date, int, text, int, bigint),
  return_units(text, text, date, int, text, int8multirange, text), look_for_units(text, text, date, bigint, text), read_rights(text, date, int, text), forget_units(date),
  lease_units(text, text, text, float8), void_units(text, text, date, bigint), void_units_of_quota(), keep_shards() from public;
