-- Several promotions beside each other, each with dates, a zone and limits of its own. What was there before is `default`.
create table campaign (
  id text primary key check (id ~ '^[a-z0-9][a-z0-9-]{0,31}$'),
  title text not null check (char_length(title) between 1 and 200),
  time_zone text,
  starts_at timestamptz,
  ends_at timestamptz,
  draws_per_day int not null default 1 check (draws_per_day between 1 and 100),
  wins_per_user int check (wins_per_user > 0),
  claim_days int check (claim_days between 1 and 3650),
  frozen boolean not null default false,
  active boolean not null default true,
  check (ends_at > starts_at)
);

insert into campaign (id, title) values ('default', 'Lucky Draw');

alter table prize
  add column campaign_id text not null default 'default' references campaign (id),
  add column release_from time,
  add column release_to time,
  add constraint prize_release_check check (
    (release_from is null) = (release_to is null) and release_from < release_to
    and (release_from is null or daily_quota is not null)
  ),
  drop constraint prize_pkey,
  add primary key (campaign_id, id);

-- The moments at which a unit goes to whoever draws next. Unclaimed: no result names it.
create table moment (
  id bigint generated always as identity primary key,
  campaign_id text not null default 'default',
  prize_id text not null,
  at timestamptz not null,
  created_at timestamptz not null default clock_timestamp(),
  created_by text not null default coalesce(nullif(current_setting('lucky_draw.changed_by', true), ''), session_user)
);

create index moment_of_campaign on moment (campaign_id, at, id);

-- The n-th draw of the user that day, the n-th win of the user in the campaign (where wins are limited), and the moment that
-- was claimed. Each is guarded by a unique index, as the units are; those of the last two hold nothing where there is no
-- limit and no moment.
alter table result
  add column campaign_id text not null default 'default',
  add column draw_no smallint not null default 1 check (draw_no > 0),
  add column win_no int check (win_no > 0),
  add column moment_id bigint,
  drop constraint result_user_id_draw_date_key,
  drop constraint result_prize_id_unit_key,
  drop constraint result_prize_id_draw_date_day_unit_key,
  add constraint result_draw_key unique (user_id, draw_date, campaign_id, draw_no),
  add constraint result_unit_key unique (prize_id, campaign_id, unit),
  add constraint result_day_unit_key unique (prize_id, campaign_id, draw_date, day_unit);

create unique index result_win_key on result (user_id, campaign_id, win_no) where win_no is not null;
create unique index result_moment_key on result (moment_id) where moment_id is not null;

drop index result_redeemed;
create index result_redeemed on result (draw_date, prize_id, day_unit, campaign_id) where redeemed_at is not null;

-- Redeemed wins are counted by campaign, too.
alter table redemption_count
  add column campaign_id text not null default 'default',
  drop constraint redemption_count_pkey,
  add primary key (draw_date, prize_id, campaign_id, slot);

create or replace function count_redemption() returns trigger
language plpgsql security definer as $$
begin
  if tg_op = 'TRUNCATE' then
    delete from redemption_count;
    return null;
  end if;
  insert into redemption_count as c (draw_date, prize_id, campaign_id, slot, count)
  values (old.draw_date, old.prize_id, old.campaign_id, pg_backend_pid() % 16, case when old.redeemed_at is null then 1 else -1 end)
  on conflict (draw_date, prize_id, campaign_id, slot) do update set count = c.count + excluded.count;
  return null;
end
$$;

create or replace function count_redemptions() returns trigger
language plpgsql security definer as $$
begin
  insert into redemption_count as c (draw_date, prize_id, campaign_id, slot, count)
  select o.draw_date, o.prize_id, o.campaign_id, pg_backend_pid() % 16, sum(case when o.redeemed_at is null then 1 else -1 end)
  from before_update o join after_update n on n.id = o.id
  where (o.redeemed_at is null) <> (n.redeemed_at is null)
  group by o.draw_date, o.prize_id, o.campaign_id
  order by o.draw_date, o.prize_id, o.campaign_id
  on conflict (draw_date, prize_id, campaign_id, slot) do update set count = c.count + excluded.count;
  return null;
end
$$;

-- As redeem_results() of 011, where some campaigns' claims end on another day than `since` says: `others` names them, and
-- `others_since` their days.
create function redeem_results(
  ids uuid[], users text[], phones text[], moments float8[], since date, others text[], others_since date[]
) returns setof result
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_bitmapscan = off as $$
begin
  return query
  update result r
  set phone_no = case when r.redeemed_at is null and r.draw_date < coalesce(others_since[array_position(others, r.campaign_id)], since)
      then r.phone_no else coalesce(r.phone_no, a.phone) end,
    redeemed_at = case when r.redeemed_at is null and r.draw_date < coalesce(others_since[array_position(others, r.campaign_id)], since)
      then null else coalesce(r.redeemed_at, a.moment) end
  from (
    select i.id, i.user_id, nullif(i.phone, '') as phone, to_timestamp(i.moment / 1000) as moment
    from unnest(ids, users, phones, moments) as i (id, user_id, phone, moment)
    order by i.id
  ) a
  where r.id = a.id and r.user_id = a.user_id
  returning r.*;
end
$$;

-- A prize that has results can't be deleted, renamed or moved to another campaign (why so: 010). Its moments go with it.
create or replace function keep_prize_of_results() returns trigger language plpgsql as $$
begin
  if exists (select from prize where id = old.id and campaign_id = old.campaign_id) then
    return null;
  end if;
  if exists (select from result where prize_id = old.id and campaign_id = old.campaign_id) then
    raise foreign_key_violation using
      message = format('prize %s has results', old.id),
      hint = 'Set active to false instead.';
  end if;
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise foreign_key_violation using
      message = format('prize %s may have results that this transaction does not see', old.id),
      hint = 'Set active to false instead, or do it in a READ COMMITTED transaction.';
  end if;
  return null;
end
$$;

drop trigger prize_of_results_kept on prize;

create trigger prize_of_results_kept
after delete or update of id, campaign_id on prize
for each row execute function keep_prize_of_results();

-- Campaigns that have results, likewise: a claim finds its campaign.
create function keep_campaign_of_results() returns trigger language plpgsql as $$
begin
  if exists (select from campaign where id = old.id) then
    return null;
  end if;
  if old.id = 'default' then
    raise foreign_key_violation using message = 'the campaign default stays', hint = 'Set active to false instead.';
  end if;
  if exists (select from result where campaign_id = old.id) then
    raise foreign_key_violation using
      message = format('campaign %s has results', old.id),
      hint = 'Set active to false instead.';
  end if;
  return null;
end
$$;

create trigger campaign_of_results_kept
after delete or update of id on campaign
for each row execute function keep_campaign_of_results();

-- One fallback a campaign.
create or replace function keep_one_fallback() returns trigger language plpgsql as $$
declare
  found text[];
begin
  select array_agg(id order by id) into found from prize where active and fallback group by campaign_id having count(*) > 1 limit 1;
  if found is not null then
    raise exception using errcode = '22L06', message = format(
      'fallback: only one active prize can be it, not %s.', array_to_string(found, ' and '));
  end if;
  return null;
end
$$;

-- Which campaigns an edit changed: the version of their last one. Triggers that write it have their owner's rights, as those of the
-- history: whoever may edit prizes needs no others. Servers read prize_version every second, and this table
-- when that has moved.
create table campaign_version (
  campaign_id text primary key,
  version bigint not null
);

insert into campaign_version select 'default', version from prize_version;

create function move_campaign_version(campaign_ids text[]) returns void language sql as $$
  with moved as (
    update prize_version
    set version = greatest(version + 1, (extract(epoch from clock_timestamp()) * 1000000)::bigint)
    returning version
  )
  insert into campaign_version (campaign_id, version)
  select distinct c.id, moved.version from unnest(campaign_ids) as c (id), moved
  on conflict (campaign_id) do update set version = excluded.version
$$;

create or replace function move_prize_version() returns trigger
language plpgsql security definer as $$
begin
  perform move_campaign_version((select array_agg(distinct campaign_id) from changed));
  return null;
end
$$;

create function move_prize_version_of_update() returns trigger
language plpgsql security definer as $$
begin
  perform move_campaign_version((
    select array_agg(distinct campaign_id)
    from (select campaign_id from rows_before union select campaign_id from rows_after) as any_row
  ));
  return null;
end
$$;

create function move_all_versions() returns trigger
language plpgsql security definer as $$
begin
  perform move_campaign_version((select array_agg(id) from campaign));
  return null;
end
$$;

create function move_version_of_campaign() returns trigger
language plpgsql security definer as $$
begin
  perform move_campaign_version(array[coalesce(new.id, old.id), coalesce(old.id, new.id)]);
  return null;
end
$$;

-- Their names let them fire before prize_fallback_kept, whose look must come after the lock that they take.
drop trigger prize_edited on prize;
create trigger prize_edited after update on prize
referencing old table as rows_before new table as rows_after
for each statement execute function move_prize_version_of_update();
create trigger prize_added after insert on prize
referencing new table as changed for each statement execute function move_prize_version();
create trigger prize_deleted after delete on prize
referencing old table as changed for each statement execute function move_prize_version();
create trigger prize_emptied after truncate on prize
for each statement execute function move_all_versions();

create trigger moment_edited after update on moment
referencing old table as rows_before new table as rows_after
for each statement execute function move_prize_version_of_update();
create trigger moment_added after insert on moment
referencing new table as changed for each statement execute function move_prize_version();
create trigger moment_deleted after delete on moment
referencing old table as changed for each statement execute function move_prize_version();
create trigger moment_emptied after truncate on moment
for each statement execute function move_all_versions();

create trigger campaign_edited after insert or update or delete on campaign
for each row execute function move_version_of_campaign();

-- A moment needs its prize; one that was claimed stays as it is.
create function keep_moment() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' and exists (select from result where moment_id = old.id) then
    raise foreign_key_violation using message = format('moment %s is claimed', old.id);
  end if;
  if tg_op <> 'DELETE' and not exists (select from prize where campaign_id = new.campaign_id and id = new.prize_id for key share) then
    raise foreign_key_violation using message = format('campaign %s has no prize %s', new.campaign_id, new.prize_id);
  end if;
  return case tg_op when 'DELETE' then old else new end;
end
$$;

create function drop_moments() returns trigger
language plpgsql security definer as $$
begin
  delete from moment where prize_id = old.id and campaign_id = old.campaign_id
    and not exists (select from prize where id = old.id and campaign_id = old.campaign_id);
  return null;
end
$$;

create trigger prize_moments_dropped
after delete or update of id, campaign_id on prize
for each row execute function drop_moments();

create function empty_moments() returns trigger
language plpgsql security definer as $$
begin
  delete from moment;
  return null;
end
$$;

create trigger moments_emptied after truncate on prize
for each statement execute function empty_moments();

create trigger moment_kept before insert or update or delete on moment
for each row execute function keep_moment();

-- Whether nobody may take anything back any more. A campaign without a start has begun.
create function is_frozen(campaign_id text) returns boolean language sql stable as $$
  select exists (
    select from campaign c
    where c.id = campaign_id and c.frozen and coalesce(c.starts_at <= clock_timestamp(), true)
  )
$$;

create function refuse_frozen(campaign_id text, what text) returns void language plpgsql as $$
begin
  raise exception using errcode = '22L07', message = format('frozen: campaign %s has begun and is frozen; %s.', campaign_id, what);
end
$$;

create function keep_frozen_prize() returns trigger
language plpgsql security definer as $$
begin
  if tg_op = 'TRUNCATE' then
    perform refuse_frozen(p.campaign_id, 'its prizes stay') from prize p where is_frozen(p.campaign_id) limit 1;
    return null;
  end if;
  if is_frozen(old.campaign_id) and old.active then
    if tg_op = 'DELETE' or new.id <> old.id or new.campaign_id <> old.campaign_id or not new.active then
      perform refuse_frozen(old.campaign_id, format('prize %s stays', old.id));
    elsif new.probability < old.probability then
      perform refuse_frozen(old.campaign_id, format('probability: the odds of %s can only be raised', old.id));
    elsif coalesce(new.daily_quota, 'infinity'::float8) < coalesce(old.daily_quota, 'infinity'::float8) then
      perform refuse_frozen(old.campaign_id, format('daily_quota: that of %s can only be raised', old.id));
    elsif coalesce(new.total_quota, 'infinity'::float8) < coalesce(old.total_quota, 'infinity'::float8) then
      perform refuse_frozen(old.campaign_id, format('total_quota: that of %s can only be raised', old.id));
    elsif old.fallback and not new.fallback then
      perform refuse_frozen(old.campaign_id, format('fallback: %s stays it', old.id));
    elsif (new.release_from, new.release_to) is distinct from (old.release_from, old.release_to)
      and new.release_from is not null then
      perform refuse_frozen(old.campaign_id, format('release_from: the release of %s stays', old.id));
    end if;
  end if;
  return case tg_op when 'DELETE' then old else new end;
end
$$;

create trigger prize_frozen before update or delete on prize
for each row execute function keep_frozen_prize();
create trigger prizes_frozen before truncate on prize
for each statement execute function keep_frozen_prize();

create function keep_frozen_campaign() returns trigger
language plpgsql security definer as $$
begin
  if tg_op = 'TRUNCATE' then
    perform refuse_frozen(c.id, 'it stays') from campaign c where is_frozen(c.id) limit 1;
    return null;
  end if;
  if is_frozen(old.id) then
    if tg_op = 'DELETE' or new.id <> old.id then
      perform refuse_frozen(old.id, 'it stays');
    elsif not new.frozen then
      perform refuse_frozen(old.id, 'frozen: it stays so');
    elsif new.time_zone is distinct from old.time_zone then
      perform refuse_frozen(old.id, 'time_zone: it stays');
    elsif new.starts_at is distinct from old.starts_at then
      perform refuse_frozen(old.id, 'starts_at: it stays');
    elsif coalesce(new.ends_at, 'infinity') < coalesce(old.ends_at, 'infinity') then
      perform refuse_frozen(old.id, 'ends_at: it can only be later');
    elsif (new.draws_per_day, new.wins_per_user, new.claim_days) is distinct from (old.draws_per_day, old.wins_per_user, old.claim_days) then
      perform refuse_frozen(old.id, 'draws_per_day, wins_per_user and claim_days: they stay');
    elsif old.active and not new.active and coalesce(old.ends_at, 'infinity') > clock_timestamp() then
      perform refuse_frozen(old.id, 'active: it stays so until its end');
    end if;
  end if;
  return case tg_op when 'DELETE' then old else new end;
end
$$;

create trigger campaign_frozen before update or delete on campaign
for each row execute function keep_frozen_campaign();
create trigger campaigns_frozen before truncate on campaign
for each statement execute function keep_frozen_campaign();

create function keep_frozen_moment() returns trigger
language plpgsql security definer as $$
begin
  if tg_op = 'TRUNCATE' then
    perform refuse_frozen(m.campaign_id, 'its moments stay') from moment m where is_frozen(m.campaign_id) limit 1;
    return null;
  end if;
  if is_frozen(old.campaign_id) then
    perform refuse_frozen(old.campaign_id, 'its moments stay');
  end if;
  return case tg_op when 'DELETE' then old else new end;
end
$$;

create trigger moment_frozen before update or delete on moment
for each row execute function keep_frozen_moment();
create trigger moments_frozen before truncate on moment
for each statement execute function keep_frozen_moment();

-- The history knows campaigns: a change of the campaign itself names no prize.
alter table prize_change
  add column campaign_id text not null default 'default',
  alter column prize_id drop not null;

create index prize_change_of_campaign on prize_change (campaign_id, id);

create or replace function note_prize_change() returns trigger
language plpgsql security definer as $$
begin
  if tg_op = 'TRUNCATE' then
    insert into prize_change (campaign_id, prize_id, before) select campaign_id, id, to_jsonb(prize) from prize;
  elsif tg_op = 'INSERT' then
    insert into prize_change (campaign_id, prize_id, after) values (new.campaign_id, new.id, to_jsonb(new));
  elsif tg_op = 'DELETE' then
    insert into prize_change (campaign_id, prize_id, before) values (old.campaign_id, old.id, to_jsonb(old));
  elsif old is distinct from new then
    insert into prize_change (campaign_id, prize_id, before, after) values (new.campaign_id, new.id, to_jsonb(old), to_jsonb(new));
  end if;
  return null;
end
$$;

create function note_campaign_change() returns trigger
language plpgsql security definer as $$
begin
  if tg_op = 'TRUNCATE' then
    insert into prize_change (campaign_id, before) select id, to_jsonb(campaign) from campaign;
  elsif old is distinct from new then
    insert into prize_change (campaign_id, before, after) values (coalesce(new.id, old.id), to_jsonb(old), to_jsonb(new));
  end if;
  return null;
end
$$;

create trigger campaign_change_noted
after insert or update or delete on campaign
for each row execute function note_campaign_change();
create trigger campaign_truncation_noted
before truncate on campaign
for each statement execute function note_campaign_change();

-- Those of before stay callable by servers of before.
drop function prize_table();
drop function change_prizes(text, jsonb, bigint, text, boolean);

-- The prizes of a campaign as administrators see them. Sums are exact, as the probabilities are.
create function prize_table(campaign text default 'default') returns jsonb language sql stable as $$
  select jsonb_build_object(
    'version', coalesce((select version::text from campaign_version where campaign_id = prize_table.campaign), '0'),
    'sum_of_odds', coalesce(sum(probability) filter (where active), 0),
    'chance_of_no_prize', case when bool_or(active and fallback) then 0
      else greatest(0, 1 - coalesce(sum(probability) filter (where active), 0)) end,
    'prizes', coalesce(jsonb_agg(to_jsonb(prize) - 'campaign_id' order by id), '[]')
  )
  from prize where campaign_id = prize_table.campaign
$$;

-- Changes the prizes of a campaign all or none, and answers with prize_table(); where `preview`, with what it would be, and saves
-- nothing. `given` holds prizes as prize has them.
--   mode      create: they must be new; change: what is given of each changes; replace: they are all there is, and
--             those that are not among them are made inactive
--   expected  the version that the caller has seen, null for any
-- Raises, each with a sentence for the caller: 22L01 the version has moved, 22L02 there is no such prize, 22L03 there is
-- one already, 22L04 the odds sum to more than 1, 22L05 a prize could never be won, 22L06 two prizes are the fallback,
-- 22L07 the campaign is frozen, 22L08 there is no such campaign, 22L09 a release that does not fit.
create function change_prizes(
  mode text, given jsonb, expected bigint, changed_by text, preview boolean, campaign text default 'default'
) returns jsonb
language plpgsql as $$
declare
  standing bigint;
  broken text;
  found text;
  odds numeric;
  answer jsonb;
begin
  -- Waits for everybody who is editing, by whatever means; the version alone would be locked in the other order than
  -- plain SQL locks it. Draws don't wait for it.
  lock table prize in share row exclusive mode;
  if not exists (select from campaign c where c.id = change_prizes.campaign) then
    raise exception using errcode = '22L08', message = format('campaign: there is no campaign %s.', campaign);
  end if;
  standing := coalesce((select v.version from campaign_version v where v.campaign_id = change_prizes.campaign), 0);
  if expected <> standing then
    raise exception using errcode = '22L01',
      message = 'If-Match: the prizes were changed meanwhile; read them again and send the new ETag.';
  end if;
  perform set_config('lucky_draw.changed_by', changed_by, true);

  select g.id into found
  from jsonb_to_recordset(given) as g (id text)
  where (mode = 'create') = exists (select from prize p where p.id = g.id and p.campaign_id = change_prizes.campaign)
    and mode <> 'replace'
  limit 1;
  if found is not null and mode = 'create' then
    raise exception using errcode = '22L03', message = format('id: there is a prize %s already; change that one.', found);
  elsif found is not null then
    raise exception using errcode = '22L02', message = format('id: there is no prize %s.', found);
  end if;

  begin
    if mode = 'replace' then
      update prize set active = false
      where active and campaign_id = change_prizes.campaign and id not in (select g.id from jsonb_to_recordset(given) as g (id text));
    end if;
    -- What is not given stays where the prize is to be changed, and is the default elsewhere.
    insert into prize (campaign_id, id, title, probability, daily_quota, total_quota, active, fallback, release_from, release_to)
    select change_prizes.campaign, g.id, g.title, g.probability, g.daily_quota, g.total_quota, coalesce(g.active, true),
      coalesce(g.fallback, false), g.release_from, g.release_to
    from jsonb_array_elements(given) as one,
      lateral jsonb_to_record(coalesce(
        (
          select to_jsonb(p) from prize p
          where p.id = one ->> 'id' and p.campaign_id = change_prizes.campaign and mode = 'change'
        ), '{}'
      ) || one) as g (
        id text, title text, probability numeric, daily_quota int, total_quota int, active boolean, fallback boolean,
        release_from time, release_to time
      )
    on conflict (campaign_id, id) do update
    set title = excluded.title, probability = excluded.probability, daily_quota = excluded.daily_quota,
      total_quota = excluded.total_quota, active = excluded.active, fallback = excluded.fallback,
      release_from = excluded.release_from, release_to = excluded.release_to
    where prize.* is distinct from excluded.*;

    select sum(probability) into odds from prize where active and campaign_id = change_prizes.campaign;
    if odds > 1 then
      raise exception using errcode = '22L04', message = format(
        'probability: the odds of the active prizes would sum to %s; lower them to 1 at most.', trim_scale(odds));
    end if;
    -- The roll has a billion values. 0 says that it can't be won; less than one of them would say that it can.
    select p.id into found from prize p
    where p.active and p.campaign_id = change_prizes.campaign and p.probability > 0 and p.probability * 1000000000 < 1 limit 1;
    if found is not null then
      raise exception using errcode = '22L05', message = format(
        'probability: the odds of %s are below 0.000000001, so that it could never be won; raise them, or make them 0.', found);
    end if;
    answer := prize_table(change_prizes.campaign);
    if preview then
      raise exception using errcode = '22L00';
    end if;
  exception
    when sqlstate '22L00' then
      answer := answer || jsonb_build_object('version', standing::text);
    when check_violation then
      get stacked diagnostics broken = constraint_name;
      if broken <> 'prize_release_check' then
        raise;
      end if;
      raise exception using errcode = '22L09',
        message = 'release_from: must come with a later release_to, and with a daily_quota.';
  end;
  return answer;
end
$$;

-- All campaigns, as administrators see them. Any edit of a campaign or a prize moves the version.
create function campaign_table() returns jsonb language sql stable as $$
  select jsonb_build_object(
    'version', (select version::text from prize_version),
    'campaigns', coalesce(jsonb_agg(to_jsonb(campaign) order by id), '[]')
  )
  from campaign
$$;

-- Makes or changes a campaign and answers with campaign_table(); where `preview`, with what it would be, and saves nothing.
-- `given` holds it as campaign has it.
--   mode      create: it must be new; change: what is given of it changes
--   expected  the version that the caller has seen, null for any
-- Raises, each with a sentence for the caller: 22L01 the version has moved, 22L07 it is frozen, 22L08 there is no such
-- campaign, 22L10 there is one already, 22L11 it would end before it starts.
create function change_campaign(mode text, given jsonb, expected bigint, changed_by text, preview boolean) returns jsonb
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
        '{"draws_per_day": 1, "frozen": false, "active": true}' || given) c;
    else
      update campaign
      set title = c.title, time_zone = c.time_zone, starts_at = c.starts_at, ends_at = c.ends_at, draws_per_day = c.draws_per_day,
        wins_per_user = c.wins_per_user, claim_days = c.claim_days, frozen = c.frozen, active = c.active
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

-- Makes a campaign of the rules and prizes of another: inactive, without dates, moments and results. Raises as change_campaign.
create function copy_campaign(source text, target text, changed_by text) returns void language plpgsql as $$
begin
  if not exists (select from campaign where id = source) then
    raise exception using errcode = '22L08', message = format('id: there is no campaign %s.', source);
  end if;
  perform change_campaign('create', (select to_jsonb(c) || jsonb_build_object('id', target, 'starts_at', null, 'ends_at', null,
    'frozen', false, 'active', false) from campaign c where c.id = source), null, changed_by, false);
  insert into prize (campaign_id, id, title, probability, daily_quota, total_quota, active, fallback, release_from, release_to)
  select target, id, title, probability, daily_quota, total_quota, active, fallback, release_from, release_to
  from prize where campaign_id = source;
end
$$;

-- Every function finds the tables of this schema, whatever search_path its caller has. (To replace a function takes its
-- settings away.)
do $$
declare
  signature regprocedure;
begin
  for signature in
    select p.oid from pg_proc p
    where p.pronamespace = (select oid from pg_namespace where nspname = current_schema()) and p.proname in (
      'prize_table', 'change_prizes', 'campaign_table', 'change_campaign', 'copy_campaign', 'redeem_results', 'count_redemption',
      'count_redemptions', 'note_prize_change', 'note_campaign_change', 'keep_prize_of_results', 'keep_campaign_of_results',
      'keep_one_fallback', 'keep_moment', 'drop_moments', 'empty_moments', 'is_frozen', 'refuse_frozen', 'keep_frozen_prize', 'keep_frozen_campaign',
      'keep_frozen_moment', 'move_campaign_version', 'move_prize_version', 'move_prize_version_of_update', 'move_all_versions',
      'move_version_of_campaign'
    )
  loop
    execute format('alter function %s set search_path = %I, pg_temp', signature, current_schema());
  end loop;
end
$$;

revoke execute on function note_prize_change(), note_campaign_change(), count_redemption(), count_redemptions(), move_prize_version(),
  move_prize_version_of_update(), move_all_versions(), move_version_of_campaign(), keep_frozen_prize(), keep_frozen_campaign(),
  keep_frozen_moment(), drop_moments(), empty_moments() from public;
