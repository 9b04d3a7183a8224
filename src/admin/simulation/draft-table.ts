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
  given: PrizeFields[],
): Promise<Table> {
  const { version, prizes } = await changePrizes(postgres, {
    mode: "replace",
    prizes: given,
    expected: null,
    changed_by: "simulation",
    preview: true,
  });
  const active = JSON.stringify(prizes.filter((prize) => prize.active));
  const odds = await postgres.query(
    (sql) => sql<Pick<Row, "id" | "odds_to">[]>`
      select p.id, floor(${PARTS}::bigint * sum(p.probability) over (order by p.id)) as odds_to
      from jsonb_to_recordset(${active}::text::jsonb) as p (id text, probability numeric)`,
  );
  const oddsTo = new Map(odds.map(({ id, odds_to }) => [id, odds_to]));
  return compile(
    prizes.map((prize) => ({
      ...prize,
      version,
      odds_to: oddsTo.get(prize.id) ?? "",
    })),
  );
}
