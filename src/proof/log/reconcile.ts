import { unavailable } from "../../errors.js";
import { outboxPages } from "../../outbox/pages.js";
import { parseWins } from "../../outbox/win.js";
import type { Log, ProofParts } from "../parts.js";
import { appendLines } from "./append.js";
import { outcomeOf } from "./lines.js";
import { isOf, type LogOf } from "./move.js";

/** Lines, and rows of a prize, that are compared by one statement: their names take 5 ms of this thread. */
const PAGE = 2_000;

type Row = {
  user_id: string;
  prize_id: string;
  unit: number;
  day_unit: number;
  draw_no: number;
};

const unitOf = ({ prize_id, unit }: Pick<Row, "prize_id" | "unit">) =>
  `${prize_id}:${unit}`;

/**
 * Makes a day's log and its rows agree, after a loss and before the close: V lines for wins that came to nothing, R lines for rows
 * whose lines are gone. `move`: brings all lines to Postgres, see moveLines. Returns how many wins are still on their way to their rows;
 * undefined where another server moves lines.
 * Rejects with UNAVAILABLE.
 */
export async function reconcile(
  parts: ProofParts,
  { log, date }: { log: Log; date: string },
  move: () => Promise<number | undefined>,
): Promise<number | undefined> {
  const { redis, keys, clock, held, shard = 0 } = parts;
  const of: LogOf = { campaign: held.campaign.id, draw_date: date, shard };
  const at = { draw_date: date, now: clock.now() };
  // In this order: what leaves the outbox has a row, and all lines up to here were moved before it was read.
  const upTo = await move();
  if (upTo === undefined) return undefined;
  const waiting = new Set<string>();
  for await (const page of outboxPages(redis, keys)) {
    for (const win of page.flatMap(([id, [, text]]) =>
      parseWins(id, text ?? ""),
    )) {
      if (win.draw_date === date) waiting.add(unitOf(win));
    }
  }
  const voided = await findVoid(parts, of, { upTo, waiting, log });
  if (voided.length > 0) {
    const lines = voided.map((seq) => `V\t${seq}`);
    await appendLines(redis, keys, at, lines);
    if (!(await moveAll(parts, date, move))) return undefined;
  }

  const rows = await findUnlogged(parts, of);
  if (rows.length > 0) {
    if (!(await moveAll(parts, date, move))) return undefined;
    const still = new Set((await findUnlogged(parts, of)).map(unitOf));
    const lines = rows
      .filter((row) => still.has(unitOf(row)))
      .map(
        (row) =>
          `R\t${log.rolls.nameOf(row.user_id)}\t${row.draw_no}\t${outcomeOf(row)}`,
      );
    if (lines.length > 0) await appendLines(redis, keys, at, lines);
    if (!(await moveAll(parts, date, move))) return undefined;
  }
  return waiting.size;
}

/** Whether Postgres has all lines that Redis had when this was called. */
async function moveAll(
  { redis, keys }: ProofParts,
  date: string,
  move: () => Promise<number | undefined>,
): Promise<boolean> {
  const next = await redis.hget(keys.takenToday(date), "@log").catch(refuse);
  const kept = await move();
  return kept !== undefined && kept >= (Number(next) || 0);
}

/** The lines of wins that have no row and are not on their way, whose unit is another's, or that were drawn once more. */
async function findVoid(
  { postgres }: ProofParts,
  of: LogOf,
  { upTo, waiting, log }: { upTo: number; waiting: Set<string>; log: Log },
): Promise<number[]> {
  const found: number[] = [];
  for (let from = -1; ; ) {
    const after = from;
    const lines = await postgres.query(
      (sql) => sql<
        {
          seq: number;
          prize_id: string;
          unit: number;
          p: string;
          user_id: string | null;
          is_repeated: boolean;
        }[]
      >`
        select w.seq::float8, w.prize_id, w.unit::float8, w.p, r.user_id, exists (
            select from proof_win o
            where o.campaign_id = w.campaign_id and o.prize_id = w.prize_id and o.unit = w.unit and o.p = w.p
              and o.draw_date = w.draw_date and o.shard = w.shard and o.seq > w.seq
          ) as is_repeated
        from (
          select * from proof_win where ${isOf(sql, of)} and seq > ${after}::bigint and seq < ${upTo}::bigint order by seq limit ${PAGE}
        ) w
        left join result r
          on r.prize_id = w.prize_id and r.campaign_id = w.campaign_id and r.unit = w.unit and r.draw_date = w.draw_date
        order by w.seq`,
    );
    for (const line of lines) {
      const isOther =
        line.user_id !== null && log.rolls.nameOf(line.user_id) !== line.p;
      const isGone = line.user_id === null && !waiting.has(unitOf(line));
      // Redis forgot the win, and gave its person the same unit once more: the later line stands.
      if (isOther || isGone || line.is_repeated) found.push(line.seq);
    }
    from = lines.at(-1)?.seq ?? from;
    if (lines.length < PAGE) return found;
  }
}

/** The rows of a day, of this shard's users, that no line has: lines of others with their units were voided before. */
async function findUnlogged(
  { postgres, everywhere, shardOf }: ProofParts,
  of: LogOf,
): Promise<Row[]> {
  const { campaign, draw_date } = of;
  const prizes = await postgres.query(
    (sql) => sql<{ prize_id: string; last: number }[]>`
      select p.id as prize_id, (
          select max(r.day_unit)::float8 from result r
          where r.prize_id = p.id and r.campaign_id = p.campaign_id and r.draw_date = ${draw_date}::text::date
        ) as last
      from prize p where p.campaign_id = ${campaign}`,
  );
  const found: Row[] = [];
  for (const { prize_id, last } of prizes) {
    for (let from = 0; from < (last ?? 0); from += PAGE) {
      const rows = await postgres.query(
        (sql) => sql<(Row & { is_logged: boolean })[]>`
          select r.user_id, r.prize_id, r.unit::float8, r.day_unit::float8, r.draw_no, exists (
              select from proof_win w
              where w.campaign_id = r.campaign_id and w.prize_id = r.prize_id and w.unit = r.unit and w.draw_date = r.draw_date
            ) as is_logged
          from result r
          where r.prize_id = ${prize_id} and r.campaign_id = ${campaign} and r.draw_date = ${draw_date}::text::date
            and r.day_unit > ${from}::bigint and r.day_unit <= ${from + PAGE}::bigint`,
      );
      for (const { is_logged, ...row } of rows) {
        const isOwn =
          everywhere.length === 1 ||
          shardOf(row.user_id, everywhere.length) === of.shard;
        if (isOwn && !is_logged) found.push(row);
      }
    }
  }
  return found;
}

function refuse(error: unknown): never {
  throw unavailable(error);
}
