import type { Postgres } from "../../stores/postgres.js";
import { fail, ok, type Say, warn } from "./finding.js";

/** Whether the role may do what serving needs, /admin too where it is on, and, outside of an embedded pair, far more. */
export async function examinePrivileges(
  postgres: Postgres,
  { embedded, admin }: { embedded: boolean; admin: boolean },
  say: Say,
): Promise<void> {
  const [row] = await postgres.query(
    (sql) => sql<{ role: string; rules: boolean; lacks: string | null }[]>`
      select current_user as role, (select rolsuper from pg_roles where rolname = current_user) as rules,
        (select string_agg(what, ', ') from (values
          (true, 'select on prize', has_table_privilege('prize', 'select')),
          (true, 'select on campaign', has_table_privilege('campaign', 'select')),
          (true, 'select on campaign_version', has_table_privilege('campaign_version', 'select')),
          (true, 'select on moment', has_table_privilege('moment', 'select')),
          (true, 'insert (campaign_id) on result', has_column_privilege('result', 'campaign_id', 'insert')),
          (true, 'select on prize_version', has_table_privilege('prize_version', 'select')),
          (true, 'select on result', has_table_privilege('result', 'select')),
          (true, 'insert on result', has_column_privilege('result', 'id', 'insert')),
          (true, 'update (phone_no) on result', has_column_privilege('result', 'phone_no', 'update')),
          (true, 'update (redeemed_at) on result', has_column_privilege('result', 'redeemed_at', 'update')),
          (true, 'execute on redeem_results', has_function_privilege(to_regprocedure('redeem_results(uuid[], text[], text[], float8[], date, text[], date[])'), 'execute')),
          (true, 'update of a column of prize', has_any_column_privilege('prize', 'update')),
          (${admin}::boolean, 'insert on prize', has_table_privilege('prize', 'insert')),
          (${admin}::boolean, 'update on prize', has_table_privilege('prize', 'update')),
          (${admin}::boolean, 'insert on campaign', has_table_privilege('campaign', 'insert')),
          (${admin}::boolean, 'update on campaign', has_table_privilege('campaign', 'update')),
          (${admin}::boolean, 'insert on moment', has_table_privilege('moment', 'insert')),
          (${admin}::boolean, 'delete on moment', has_table_privilege('moment', 'delete')),
          (${admin}::boolean, 'execute on change_campaign', has_function_privilege(to_regprocedure('change_campaign(text, jsonb, bigint, text, boolean)'), 'execute')),
          (${admin}::boolean, 'execute on prize_table', has_function_privilege(to_regprocedure('prize_table(text)'), 'execute')),
          (${admin}::boolean, 'execute on change_prizes', has_function_privilege(to_regprocedure('change_prizes(text, jsonb, bigint, text, boolean, text)'), 'execute')),
          (${admin}::boolean, 'select on prize_change', has_table_privilege('prize_change', 'select')),
          (${admin}::boolean, 'select on redemption_count', has_table_privilege('redemption_count', 'select'))
        ) as rights (needed, what, granted) where needed and not granted) as lacks`,
  );
  if (row?.lacks) {
    say(
      fail(
        `The role ${row.role} lacks ${row.lacks}.`,
        "npm run migrate with the owner's DATABASE_URL: it grants what sql/grants.sql says",
      ),
    );
  } else {
    say(ok(`The role ${row?.role} may do what serving needs.`));
  }
  if (row?.rules && !embedded) {
    say(
      warn(
        `The role ${row.role} is a superuser: it may do far more than serving needs.`,
        "psql -f sql/roles.sql, and serve as lucky_server",
      ),
    );
  }
}
