-- The functions with their owner's rights find nothing but the tables of this schema, whatever temporary tables a caller
-- has, and run as triggers alone.
do $$
begin
  execute format('alter function note_prize_change() set search_path = %I, pg_temp', current_schema());
  execute format('alter function count_redemption() set search_path = %I, pg_temp', current_schema());
end
$$;

revoke execute on function note_prize_change(), count_redemption() from public;
