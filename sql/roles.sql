-- Three roles, each with no more than it needs. Run once per database by whoever may create roles, before the first
-- `npm run migrate`; what the roles may do with the tables is in grants.sql, which `npm run migrate` runs.
--   psql -v ON_ERROR_STOP=1 -d lucky_draw -f sql/roles.sql
-- Then give them passwords, which psql sends hashed: \password lucky_owner, and the same for the others.
do $$
declare
  role text;
begin
  foreach role in array array['lucky_owner', 'lucky_server', 'lucky_reader'] loop
    if not exists (select from pg_roles where rolname = role) then
      execute format('create role %I login', role);
    end if;
    execute format('grant connect on database %I to %I', current_database(), role);
  end loop;
  execute format('revoke all on database %I from public', current_database());
end
$$;

-- PostgreSQL 15 and later leave it out by themselves, except in a database that comes from an older one.
revoke create on schema public from public;

-- The schema is the first of search_path, public unless somebody says otherwise.
do $$
begin
  if current_schema() is null then
    raise invalid_schema_name using message = format('there is no schema of search_path: %s', current_setting('search_path'));
  end if;
  execute format('grant usage on schema %I to lucky_owner, lucky_server, lucky_reader', current_schema());
  execute format('grant create on schema %I to lucky_owner', current_schema());
end
$$;
