import { compile, type Row, type Table } from "../../prizes/table.js";
import { PARTS } from "../../random.js";
import type { Postgres } from "../../stores/postgres.js";
import { changePrizes } from "../prizes/change-prizes.js";
import type { PrizeFields } from "../schemas/prizes.js";

/**
 * The table that these prizes would make if they replaced all others; nothing is saved. Rejects as `changePrizes` does.
 */
export async function draftTable(
  postgres: Postgres,
  campaign: string,
  given: PrizeFields[],
): Promise<Table> {
  const { version, prizes } = await changePrizes(postgres, {
    mode: "replace",
    prizes: given,
    expected: null,
    changed_by: "simulation",
    preview: true,
    campaign,
  });
  const active = JSON.stringify(prizes.filter((prize) => prize.active));
  const odds = await postgres.query(
    (sql) => sql<Pick<Row, "id" | "odds_to" | "has_moments">[]>`
      select p.id, exists (select from moment m where m.campaign_id = ${campaign} and m.prize_id = p.id) as has_moments,
        floor(${PARTS}::bigint * sum(p.probability) over (order by p.id)) as odds_to
      from jsonb_to_recordset(${active}::text::jsonb) as p (id text, probability numeric)`,
  );
  const known = new Map(odds.map((row) => [row.id, row]));
  return compile(
    prizes.map((prize) => ({
      ...prize,
      odds_to: known.get(prize.id)?.odds_to ?? "",
      has_moments: known.get(prize.id)?.has_moments ?? false,
    })),
    version,
  );
}
