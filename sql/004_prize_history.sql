-- Every change of a prize, whoever makes it and however: the rules of a promotion must be provable afterwards. Whoever
-- changes the prizes in their own name can set it: set lucky_draw.changed_by = 'Ann'.
create table prize_change (
  id bigint generated always as identity primary key,
  changed_at timestamptz not null default clock_timestamp(),
  changed_by text not null default coalesce(nullif(current_setting('lucky_draw.changed_by', true), ''), session_user),
  prize_id text not null,
  before jsonb,
  after jsonb
);

create index prize_change_of_prize on prize_change (prize_id, id);

-- The rights are those of the table's owner, so that whoever may edit prizes needs none on their history.
create function note_prize_change() returns trigger
language plpgsql security definer set search_path from current as $$
begin
  if tg_op = 'TRUNCATE' then
    insert into prize_change (prize_id, before) select id, to_jsonb(prize) from prize;
  elsif tg_op = 'INSERT' then
    insert into prize_change (prize_id, after) values (new.id, to_jsonb(new));
  elsif tg_op = 'DELETE' then
    insert into prize_change (prize_id, before) values (old.id, to_jsonb(old));
  elsif old is distinct from new then
    insert into prize_change (prize_id, before, after) values (new.id, to_jsonb(old), to_jsonb(new));
  end if;
  return null;
end
$$;

create trigger prize_change_noted
after insert or update or delete on prize
for each row execute function note_prize_change();

create trigger prize_truncation_noted
before truncate on prize
for each statement execute function note_prize_change();

insert into prize_change (changed_by, prize_id, after) select 'migration', id, to_jsonb(prize) from prize order by id;

create function keep_history() returns trigger language plpgsql as $$
begin
  raise insufficient_privilege using message = 'the history of the prizes is only added to';
end
$$;

create trigger prize_change_kept
before update or delete or truncate on prize_change
for each statement execute function keep_history();
