import { readTable } from "../../prizes/in-force.js";
import { objection, type Row, readPrizes } from "../../prizes/table.js";
import { shardsOf } from "../../stores/keys.js";
import type { Postgres } from "../../stores/postgres.js";
import type { Redis } from "../../stores/redis.js";
import { failWith, ok, type Say, warn } from "./finding.js";

/** The odds, and the results against the quotas of a date. Returns the rows of the prize table. */
export async function examinePrizes(
  postgres: Postgres,
  campaign: string,
  date: string,
  say: Say,
): Promise<Row[]> {
  const rows = await readPrizes(postgres, campaign, date);
  const refusal = objection(rows);
  if (refusal) {
    say(failWith(refusal));
  } else {
    const active = rows.filter((row) => row.active).length;
    const total = Number(rows[0]?.total_odds ?? 0);
    say(
      ok(
        `${active} of ${rows.length} prizes are active; their odds sum to ${total}, so ${percent(1 - total)} of draws win nothing.`,
      ),
    );
  }
  const wide = rows.flatMap((row) => [
    ...beyond(row, "total_quota", Number(row.unit)),
    ...beyond(row, "daily_quota", Number(row.day_unit)),
  ]);
  for (const sentence of wide) {
    say(
      warn(
        sentence,
        "the quota was lowered since; nothing more is won of it, and nothing is to be done if that was meant",
      ),
    );
  }
  if (wide.length === 0) say(ok("No prize has more results than its quotas."));
  return rows;
}

function beyond(
  row: Row,
  field: "total_quota" | "daily_quota",
  count: number,
): string[] {
  const quota = row[field];
  if (quota === null || count <= quota) return [];
  return [`${row.id} is at unit ${count}, beyond its ${field} of ${quota}.`];
}

const percent = (share: number) => `${Number((100 * share).toFixed(4))} %`;

/** Whether Redis has the prize table of Postgres in force, and counts no fewer units than there are. */
export async function examineTable(
  redis: Redis,
  campaign: { id: string; version: string; shards: number },
  rows: Row[],
  say: Say,
): Promise<void> {
  const { version } = campaign;
  const everywhere = shardsOf(campaign);
  const tables = await Promise.all(
    everywhere.map((keys) => readTable(redis, keys)),
  );
  // The oldest that any shard has.
  const inForce = Math.min(...tables.map((it) => Number(it?.version ?? 0)));
  const newest = Number(version);
  if (inForce === newest) {
    say(ok("The prize table in force is the one in Postgres."));
  } else if (inForce > newest) {
    say(
      warn(
        "The prize table in force is newer than the one in Postgres, as after a restore from a backup.",
        "update prize set active = active; it puts Postgres's table in force",
      ),
    );
  } else {
    say(
      warn(
        inForce === 0
          ? "No prize table is in force: nothing can be drawn."
          : "The prize table in force is older than the one in Postgres.",
        "start a server; where one runs, its log and /readyz say why it does not load it",
      ),
    );
  }
  const ids = rows.map(({ id }) => id);
  const [keys] = everywhere;
  // On several shards the greatest unit says nothing of what each has counted.
  if (everywhere.length > 1 || !keys || ids.length === 0) return;
  const taken = await redis.hmget(keys.taken, ...ids);
  rows.forEach((row, n) => {
    const counted = Number(taken[n] ?? 0);
    if (counted >= Number(row.unit)) return;
    say(
      warn(
        `Redis counts ${counted} units of ${row.id}, Postgres has ${row.unit}: Redis lost data, or is another one.`,
        "start a server: it raises the counter before it draws; where one runs, check that its REDIS_URL is this one",
      ),
    );
  });
}
