import type { Postgres } from "../../postgres.js";
import { fail, ok, type Say, warn } from "./finding.js";

/** Whether the role may do what serving needs and, outside of an embedded pair, far more. */
export async function examinePrivileges(
  postgres: Postgres,
  embedded: boolean,
  say: Say,
): Promise<void> {
  const [row] = await postgres.query(
    (sql) => sql<{ role: string; rules: boolean; lacks: string | null }[]>`
      select current_user as role, (select rolsuper from pg_roles where rolname = current_user) as rules,
        (select string_agg(what, ', ') from (values
          ('select on prize', has_table_privilege('prize', 'select')),
          ('select on prize_version', has_table_privilege('prize_version', 'select')),
          ('select on result', has_table_privilege('result', 'select')),
          ('insert on result', has_column_privilege('result', 'id', 'insert')),
          ('update (phone_no) on result', has_column_privilege('result', 'phone_no', 'update')),
          ('update (redeemed_at) on result', has_column_privilege('result', 'redeemed_at', 'update')),
          ('update of a column of prize', has_any_column_privilege('prize', 'update'))
        ) as needed (what, granted) where not granted) as lacks`,
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
