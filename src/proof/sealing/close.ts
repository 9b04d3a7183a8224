import type { Postgres } from "../../stores/postgres.js";
import { type LogOf, readKept } from "../log/move.js";
import { noteOf } from "../notes/secrets.js";
import { base64Of, NO_LEAVES } from "../notes/tree.js";
import type { ProofParts } from "../parts.js";
import { jsonOf, keysOf, readSealed, type Seal } from "./sealed-days.js";

/** The text of close.note. */
export type Close = {
  v: 1;
  campaign: string;
  day: string;
  seed: string;
  beacon_signature: string | null;
  draws: number;
  wins: Record<string, number>;
  trees: { size: number; root: string }[];
};

/**
 * Closes the log of a shard: it takes no more lines, and Postgres has all. Returns whether it did. Rejects with UNAVAILABLE.
 */
export async function closeLog(
  { redis, postgres, keys }: Pick<ProofParts, "redis" | "postgres" | "keys">,
  of: LogOf,
): Promise<boolean> {
  const { campaign, draw_date, shard } = of;
  const { next_seq } = await readKept(postgres, of);
  const names = [keys.takenToday(draw_date), keys.log(draw_date)];
  const answer = await redis.kept(names.length, ...names, next_seq, 1);
  if (answer !== "closed") return false;
  await postgres.query(
    (sql) => sql`
      insert into proof_log (campaign_id, draw_date, shard, begun_in, closed)
      values (${campaign}, ${draw_date}::text::date, ${shard}::int, '', true)
      on conflict (campaign_id, draw_date, shard) do update set closed = true`,
  );
  return true;
}

type Log = {
  shard: number;
  closed: boolean;
  size: number;
  draws: number;
  wins: number;
  checkpoint: string | null;
};

/** Publishes a day's seed and counts, once all its logs are closed. Rejects with UNAVAILABLE. */
export async function closeDay(
  {
    postgres,
    held,
    settings,
  }: Pick<ProofParts, "postgres" | "held" | "settings">,
  draw_date: string,
): Promise<void> {
  const { id: campaign } = held.campaign;
  // Read anew: another server may have written the beacon's signature.
  const [row] = await readSealed(postgres, campaign, [draw_date]);
  const seal = row && jsonOf<Seal>(row.seal);
  const secrets = settings && seal && keysOf(settings, seal);
  if (!secrets) return;
  const logs = await postgres.query(
    (sql) => sql<Log[]>`
      select shard, closed, size::float8, draws::float8, wins::float8, checkpoint from proof_log
      where campaign_id = ${campaign} and draw_date = ${draw_date}::text::date
      order by shard`,
  );
  if (logs.filter(({ closed }) => closed).length < seal.shards) return;
  const wins = await countWins(postgres, campaign, draw_date);
  const standing = Object.values(wins).reduce((sum, n) => sum + n, 0);
  const close: Close = {
    v: 1,
    campaign,
    day: draw_date,
    seed: secrets.seed.toString("hex"),
    beacon_signature: row.beacon_signature || null,
    draws: logs.reduce((sum, { draws, wins }) => sum + draws - wins, standing),
    wins,
    trees: logs.map(({ size, checkpoint }) => ({
      size,
      root: checkpoint?.split("\n")[2] ?? base64Of(NO_LEAVES),
    })),
  };
  const note = noteOf(`${JSON.stringify(close)}\n`, secrets.signer);
  await postgres.query(
    (sql) => sql`
      update proof_day set close = ${note}
      where campaign_id = ${campaign} and draw_date = ${draw_date}::text::date and close is null`,
  );
}

async function countWins(
  postgres: Postgres,
  campaign: string,
  draw_date: string,
): Promise<Record<string, number>> {
  const rows = await postgres.query(
    (sql) => sql<{ prize_id: string; wins: number }[]>`
      select prize_id, count(*)::float8 as wins from proof_win
      where campaign_id = ${campaign} and draw_date = ${draw_date}::text::date
      group by prize_id order by prize_id collate "C"`,
  );
  return Object.fromEntries(rows.map(({ prize_id, wins }) => [prize_id, wins]));
}
