import { type Differs, differenceOf, REVISION } from "../../prizes/in-force.js";
import { readIdentity } from "../../prizes/table.js";
import { keys } from "../../stores/keys.js";
import type { Postgres } from "../../stores/postgres.js";
import type { Redis } from "../../stores/redis.js";
import { failWith, ok, type Say } from "./finding.js";

/** Whether the data in Redis are this database's, and of servers with the same settings. */
export async function examineIdentity(
  stores: { redis: Redis; postgres: Postgres; timeZone: string },
  say: Say,
): Promise<void> {
  const { redis, postgres, timeZone } = stores;
  const own = {
    identity: await readIdentity(postgres),
    revision: REVISION,
    time_zone: timeZone,
  };
  const names = Object.keys(own) as Differs["differs"][];
  const theirs = await redis.hmget(keys.prizes, ...names);
  const differs = names.find((name, n) => theirs[n] && theirs[n] !== own[name]);
  if (!differs) {
    say(ok("The data in Redis are this database's, with the same time zone."));
    return;
  }
  const found = theirs[names.indexOf(differs)] ?? "";
  say(failWith(differenceOf({ differs, theirs: found }, timeZone)));
}
