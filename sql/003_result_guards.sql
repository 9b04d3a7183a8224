-- A foreign key looks its prize up for every row, which took 4 of the 11 to 15 microseconds that a row costs Postgres. What
-- it did stays: the INSERT of wins locks the prizes it names, once a batch, as the foreign key did (src/results/record.ts), and
-- a prize that has results can't be deleted or renamed.
alter table result drop constraint result_prize_id_fkey;

create function keep_prize_of_results() returns trigger language plpgsql as $$
begin
  if exists (select from result where prize_id = old.id) and not exists (select from prize where id = old.id) then
    raise foreign_key_violation using
      message = format('prize %s has results', old.id),
      hint = 'Set active to false instead.';
  end if;
  return null;
end
$$;

create trigger prize_of_results_kept
after delete or update of id on prize
for each row execute function keep_prize_of_results();

create function keep_prizes_of_results() returns trigger language plpgsql as $$
begin
  if exists (select from result) then
    raise foreign_key_violation using message = 'there are results', hint = 'Truncate result first.';
  end if;
  return null;
end
$$;

create trigger prizes_of_results_kept
before truncate on prize
for each statement execute function keep_prizes_of_results();
