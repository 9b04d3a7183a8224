-- Draws that anybody can check: what a day was sealed with, its log, and its close. The format: src/verify/README.md.
alter table campaign
  add column verifiable boolean not null default false,
  add column proof_names text not null default 'sealed' check (proof_names in ('sealed', 'open'));

create table proof_day (
  campaign_id text not null,
  draw_date date not null,
  seal text not null, -- a signed note
  ends_at timestamptz not null,
  shards int not null,
  key_text text not null, -- key.txt
  beacon_signature text, -- hex; empty: the day goes on without it
  close text, -- a signed note
  primary key (campaign_id, draw_date)
);

-- How far the log of a shard is kept.
create table proof_log (
  campaign_id text not null,
  draw_date date not null,
  shard smallint not null,
  begun_in text not null, -- the name of the day's data in Redis then
  resumed_at bigint not null default 0, -- the number at which it went on after the last loss of Redis
  size bigint not null default 0, -- lines
  draws bigint not null default 0, -- D lines
  wins bigint not null default 0, -- D and R lines with a prize, also those that are void: proof_win has only the others
  next_seq bigint not null default 0,
  bytes bigint not null default 0, -- of the file
  frontier bytea not null default '', -- the roots of its perfect subtrees, 32 bytes each, the largest first
  checkpoint text, -- the newest, a signed note
  closed boolean not null default false, -- no more lines come
  holder text, -- the server that moves lines here
  held_until timestamptz,
  primary key (campaign_id, draw_date, shard)
);

create table proof_chunk (
  campaign_id text not null,
  draw_date date not null,
  shard smallint not null,
  first_index bigint not null, -- of its lines
  first_seq bigint not null,
  lines int not null,
  first_byte bigint not null, -- in the file
  bytes int not null, -- unpacked
  packed bytea not null, -- a gzip member: several in a row are a gzip file
  blocks bytea not null, -- the roots of the blocks of 256 lines, the first at a multiple of 256, that end in this chunk
  checkpoint text not null, -- a signed note
  primary key (campaign_id, draw_date, shard, first_index)
);

-- The lines of wins that are not void.
create table proof_win (
  campaign_id text not null,
  draw_date date not null,
  shard smallint not null,
  seq bigint not null,
  prize_id text not null,
  unit bigint not null,
  p text not null, -- who won, as the log names them
  primary key (campaign_id, draw_date, shard, seq)
);

create index proof_win_of_unit on proof_win (campaign_id, prize_id, unit);

create table proof_moments (
  campaign_id text not null,
  draw_date date not null,
  hash text not null,
  moments text not null, -- lines id, prize_id, at in milliseconds
  primary key (campaign_id, draw_date, hash)
);

-- What a day was sealed with stays: the campaign's shards and zone, until its last sealed day is over.
create function keep_sealed_campaign() returns trigger language plpgsql security definer as $$
declare
  until timestamptz;
  field text := case
    when tg_op = 'DELETE' or new.id <> old.id then 'id'
    when new.shards <> old.shards then 'shards'
    when new.time_zone is distinct from old.time_zone then 'time_zone'
  end;
begin
  if field is not null then
    select max(d.ends_at) into until from proof_day d where d.campaign_id = old.id and d.ends_at > clock_timestamp();
  end if;
  if until is not null then
    raise exception using errcode = '22L13', message = format(
      '%s: that of %s is sealed until %s; make it not verifiable, and change it then.',
      field, old.id, to_char(until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
  end if;
  return case tg_op when 'DELETE' then old else new end;
end
$$;

create trigger campaign_sealed before update of id, shards, time_zone or delete on campaign
for each row execute function keep_sealed_campaign();

-- A seal is of the campaign as it is now: whoever changes that meanwhile waits, or makes this one fail.
create function match_seal() returns trigger language plpgsql security definer as $$
declare
  standing int;
begin
  select c.shards into standing from campaign c where c.id = new.campaign_id for share;
  if standing <> new.shards then
    raise exception using errcode = '22L13', message = format(
      'shards: %s has %s of them by now, not %s; seal the day anew.', new.campaign_id, standing, new.shards);
  end if;
  return new;
end
$$;

create trigger proof_day_matched before insert on proof_day
for each row execute function match_seal();

-- What is published is never changed: the seal, and once there the beacon's signature and the close.
create function keep_seal() returns trigger language plpgsql as $$
begin
  if (new.campaign_id, new.draw_date, new.seal, new.ends_at, new.shards, new.key_text)
      is distinct from (old.campaign_id, old.draw_date, old.seal, old.ends_at, old.shards, old.key_text)
    or (old.close is not null and new.close is distinct from old.close)
    or (old.beacon_signature is not null and new.beacon_signature is distinct from old.beacon_signature)
  then
    raise exception using errcode = '22L13', message = format(
      'proof: the seal and the close of %s on %s are published and stay.', old.campaign_id, old.draw_date);
  end if;
  return new;
end
$$;

create trigger proof_day_kept before update on proof_day
for each row execute function keep_seal();

-- Servers take a sealed day into their rules as they take an edit.
create function move_version_of_seal() returns trigger language plpgsql security definer as $$
begin
  perform move_campaign_version(array[new.campaign_id]);
  return null;
end
$$;

create trigger proof_day_added after insert on proof_day
for each row execute function move_version_of_seal();

-- As that of 013, and with what is published.
create or replace function keep_frozen_campaign() returns trigger
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
    elsif old.verifiable and (new.verifiable, new.proof_names) is distinct from (old.verifiable, old.proof_names) then
      perform refuse_frozen(old.id, 'verifiable and proof_names: they stay');
    elsif old.active and not new.active and coalesce(old.ends_at, 'infinity') > clock_timestamp() then
      perform refuse_frozen(old.id, 'active: it stays so until its end');
    end if;
  end if;
  return case tg_op when 'DELETE' then old else new end;
end
$$;

-- As that of 014, and with what is published.
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
        '{"draws_per_day": 1, "frozen": false, "active": true, "shards": 1, "verifiable": false, "proof_names": "sealed"}' || given) c;
    else
      update campaign
      set title = c.title, time_zone = c.time_zone, starts_at = c.starts_at, ends_at = c.ends_at, draws_per_day = c.draws_per_day,
        wins_per_user = c.wins_per_user, claim_days = c.claim_days, frozen = c.frozen, active = c.active, shards = c.shards,
        verifiable = c.verifiable, proof_names = c.proof_names
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
      'change_campaign', 'keep_frozen_campaign', 'keep_sealed_campaign', 'match_seal', 'keep_seal', 'move_version_of_seal'
    )
  loop
    execute format('alter function %s set search_path = %I, pg_temp', signature, current_schema());
  end loop;
end
$$;

revoke execute on function keep_frozen_campaign(), keep_sealed_campaign(), match_seal(), move_version_of_seal() from public;
