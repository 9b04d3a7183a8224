import type { Line } from "../log/line.js";
import type { Range } from "../log/table.js";
import { counted, Wrong } from "../report.js";
import type { HeldPool } from "../rules/pool.js";
import type { DayState, LogState } from "./state.js";

/** An L line: numbers that the shard may take from here on, or fewer of them. */
export function hold(
  day: DayState,
  log: LogState,
  line: Extract<Line, { kind: "L" }>,
): void {
  if (day.seal.shards === 1)
    throw new Wrong("the campaign is on one shard, which holds all numbers");
  const { prize: id, pool, from, to, at } = line;
  // Those before a table are told again behind it.
  const prize = log.prizes.known.get(id);
  if (!prize) return;
  const quota = log.prizes.most(id)[pool];
  if (to > quota) {
    throw new Wrong(
      `numbers of ${id} up to ${counted(to)}, but its quota is ${counted(quota)}`,
    );
  }
  const held = (pool === "all" ? prize.all : prize.today) as HeldPool;
  const gone: Range | undefined = held.hold(from, to);
  if (gone) day.holdings.cut(id, pool, gone, at);
  else {
    const { shard, line: number } = log;
    day.holdings.hold({
      shard,
      prize: id,
      pool,
      range: [from, to],
      since: at,
      line: number,
    });
  }
}
