import { createHash } from "node:crypto";
import { secretsOf } from "../../proof/notes/secrets.js";
import type { Postgres } from "../../stores/postgres.js";
import { fail, ok, type Say, warn } from "./finding.js";

type Day = {
  campaign_id: string;
  draw_date: string;
  seal: string;
  /** for how many hours it has been over */
  over: number;
};

/** Whether days that anybody can check can be sealed, drawn and closed with the key of these settings. */
export async function examineProof(
  postgres: Postgres,
  proofKey: string | undefined,
  say: Say,
): Promise<void> {
  const [row] = await postgres.query(
    (sql) => sql<{ campaigns: string | null }[]>`
      select string_agg(id, ', ' order by id) as campaigns from campaign
      where verifiable and active and coalesce(ends_at > now(), true)`,
  );
  const open = await postgres.query(
    (sql) => sql<Day[]>`
      select campaign_id, draw_date::text, seal, (extract(epoch from now() - ends_at) / 3600)::float8 as over
      from proof_day where close is null order by draw_date, campaign_id limit 100`,
  );
  const campaigns = row?.campaigns ?? null;
  if (campaigns === null && open.length === 0) return;
  if (proofKey === undefined) {
    const whose = campaigns ?? open.map((day) => day.campaign_id).join(", ");
    say(
      fail(
        `Anybody can check the draws of ${whose}, and there is no PROOF_KEY.`,
        "set it, the same for all servers: openssl rand -hex 32",
      ),
    );
    return;
  }
  if (campaigns !== null)
    say(ok(`Anybody can check the draws of ${campaigns}.`));
  for (const day of open) examineDay(day, proofKey.split(","), say);
}

/** How long after its end a day may take to be closed: its last wins are written first. */
const LONGEST_HOURS = 1;

function examineDay(day: Day, keys: string[], say: Say): void {
  const { campaign_id, draw_date, seal, over } = day;
  const what = `The day ${draw_date} of ${campaign_id}`;
  const { seed_hash } = JSON.parse(seal.split("\n")[0] ?? "");
  const isOurs = keys.some((key) => {
    const { seed } = secretsOf(key, campaign_id, draw_date);
    return createHash("sha256").update(seed).digest("hex") === seed_hash;
  });
  if (!isOurs) {
    say(
      fail(
        `${what} was sealed with another PROOF_KEY: it can't be drawn nor closed.`,
        "bring that key back, behind a comma after the new one until the day is closed",
      ),
    );
  } else if (over > LONGEST_HOURS) {
    say(
      warn(
        `${what} is over for ${Math.floor(over)} hours and not closed.`,
        "look at the server's log: the day is closed once its last win is in Postgres",
      ),
    );
  }
}
