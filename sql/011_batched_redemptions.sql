-- Redemptions come in batches: one trigger for all rows of a statement, and one row of the counter for each prize and day
-- among them. In order, so that two connections with one slot wait for each other and don't deadlock.
create function count_redemptions() returns trigger
language plpgsql security definer as $$
begin
  insert into redemption_count as c (draw_date, prize_id, slot, count)
  select o.draw_date, o.prize_id, pg_backend_pid() % 16, sum(case when o.redeemed_at is null then 1 else -1 end)
  from before_update o join after_update n on n.id = o.id
  where (o.redeemed_at is null) <> (n.redeemed_at is null)
  group by o.draw_date, o.prize_id
  order by o.draw_date, o.prize_id
  on conflict (draw_date, prize_id, slot) do update set count = c.count + excluded.count;
  return null;
end
$$;

do $$
begin
  execute format('alter function count_redemptions() set search_path = %I, pg_temp', current_schema());
end
$$;

revoke execute on function count_redemptions() from public;

drop trigger redemption_counted on result;

create trigger redemption_counted
after update on result
referencing old table as before_update new table as after_update
for each statement execute function count_redemptions();
