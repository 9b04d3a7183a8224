-- In REPEATABLE READ and SERIALIZABLE a trigger reads the transaction's snapshot, which knows nothing of a win committed since.
-- Only a foreign key looks past it. So there a prize can't be deleted or renamed, whether it has results or not.
create or replace function keep_prize_of_results() returns trigger language plpgsql as $$
begin
  if exists (select from prize where id = old.id) then
    return null;
  end if;
  if exists (select from result where prize_id = old.id) then
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

create or replace function keep_prizes_of_results() returns trigger language plpgsql as $$
begin
  if exists (select from result) then
    raise foreign_key_violation using message = 'there are results', hint = 'Truncate result first.';
  end if;
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise foreign_key_violation using
      message = 'there may be results that this transaction does not see',
      hint = 'Truncate it in a READ COMMITTED transaction.';
  end if;
  return null;
end
$$;

-- Who changed a prize by the database's own account, beside the name that they gave. Unknown of earlier changes.
alter table prize_change add column role text;
alter table prize_change alter column role set default session_user;

-- Every function finds the tables of this schema, whatever search_path its caller has: with two products in one database
-- an edit of the one must not move the other's version.
do $$
declare
  signature regprocedure;
begin
  for signature in
    select p.oid from pg_proc p
    where p.pronamespace = (select oid from pg_namespace where nspname = current_schema()) and p.proname in (
      'move_prize_version', 'keep_prize_of_results', 'keep_prizes_of_results', 'keep_history', 'prize_table', 'change_prizes'
    )
  loop
    execute format('alter function %s set search_path = %I, pg_temp', signature, current_schema());
  end loop;
end
$$;
