-- Whoever would get no prize gets this one, while it lasts.
alter table prize add column fallback boolean not null default false;

-- Not an index: an edit that makes another prize the fallback would meet it row by row. Its name lets it fire after
-- prize_edited, whose lock has editors wait for each other, so that it sees what all others have committed.
create function keep_one_fallback() returns trigger language plpgsql as $$
declare
  found text[];
begin
  select array_agg(id order by id) into found from prize where active and fallback;
  if cardinality(found) > 1 then
    raise exception using errcode = '22L06', message = format(
      'fallback: only one active prize can be it, not %s.', array_to_string(found, ' and '));
  end if;
  return null;
end
$$;

create trigger prize_fallback_kept
after insert or update on prize
for each statement execute function keep_one_fallback();

-- The prizes as administrators see them. Sums are exact, as the probabilities are.
create or replace function prize_table() returns jsonb language sql stable as $$
  select jsonb_build_object(
    'version', (select version::text from prize_version),
    'sum_of_odds', coalesce(sum(probability) filter (where active), 0),
    'chance_of_no_prize', case when bool_or(active and fallback) then 0
      else greatest(0, 1 - coalesce(sum(probability) filter (where active), 0)) end,
    'prizes', coalesce(jsonb_agg(to_jsonb(prize) order by id), '[]')
  )
  from prize
$$;

-- Changes the prizes all or none, and answers with prize_table(); where `preview`, with what it would be, and saves
-- nothing. `given` holds prizes as prize has them.
--   mode      create: they must be new; change: what is given of each changes; replace: they are all there is, and
--             those that are not among them are made inactive
--   expected  the version that the caller has seen, null for any
-- Raises, each with a sentence for the caller: 22L01 the version has moved, 22L02 there is no such prize, 22L03 there is
-- one already, 22L04 the odds sum to more than 1, 22L05 a prize could never be won, 22L06 two prizes are the fallback.
create or replace function change_prizes(mode text, given jsonb, expected bigint, changed_by text, preview boolean) returns jsonb
language plpgsql as $$
declare
  standing bigint;
  found text;
  odds numeric;
  answer jsonb;
begin
  -- Waits for everybody who is editing, by whatever means; the version alone would be locked in the other order than
  -- plain SQL locks it. Draws don't wait for it.
  lock table prize in share row exclusive mode;
  select version into standing from prize_version;
  if expected <> standing then
    raise exception using errcode = '22L01',
      message = 'If-Match: the prizes were changed meanwhile; read them again and send the new ETag.';
  end if;
  perform set_config('lucky_draw.changed_by', changed_by, true);

  select g.id into found
  from jsonb_to_recordset(given) as g (id text)
  where (mode = 'create') = exists (select from prize p where p.id = g.id) and mode <> 'replace'
  limit 1;
  if found is not null and mode = 'create' then
    raise exception using errcode = '22L03', message = format('id: there is a prize %s already; change that one.', found);
  elsif found is not null then
    raise exception using errcode = '22L02', message = format('id: there is no prize %s.', found);
  end if;

  begin
    if mode = 'replace' then
      update prize set active = false
      where active and id not in (select g.id from jsonb_to_recordset(given) as g (id text));
    end if;
    -- What is not given stays where the prize is to be changed, and is the default elsewhere.
    insert into prize (id, title, probability, daily_quota, total_quota, active, fallback)
    select g.id, g.title, g.probability, g.daily_quota, g.total_quota, coalesce(g.active, true), coalesce(g.fallback, false)
    from jsonb_array_elements(given) as one,
      lateral jsonb_to_record(coalesce(
        (select to_jsonb(p) from prize p where p.id = one ->> 'id' and mode = 'change'), '{}'
      ) || one) as g (
        id text, title text, probability numeric, daily_quota int, total_quota int, active boolean, fallback boolean
      )
    on conflict (id) do update
    set title = excluded.title, probability = excluded.probability, daily_quota = excluded.daily_quota,
      total_quota = excluded.total_quota, active = excluded.active, fallback = excluded.fallback
    where prize.* is distinct from excluded.*;

    select sum(probability) into odds from prize where active;
    if odds > 1 then
      raise exception using errcode = '22L04', message = format(
        'probability: the odds of the active prizes would sum to %s; lower them to 1 at most.', trim_scale(odds));
    end if;
    -- The roll has a billion values. 0 says that it can't be won; less than one of them would say that it can.
    select p.id into found from prize p where p.active and p.probability > 0 and p.probability * 1000000000 < 1 limit 1;
    if found is not null then
      raise exception using errcode = '22L05', message = format(
        'probability: the odds of %s are below 0.000000001, so that it could never be won; raise them, or make them 0.', found);
    end if;
    answer := prize_table();
    if preview then
      raise exception using errcode = '22L00';
    end if;
  exception when sqlstate '22L00' then
    answer := answer || jsonb_build_object('version', standing::text);
  end;
  return answer;
end
$$;
