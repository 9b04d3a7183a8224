import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { formatTicket, parseWins, type Win } from "../../src/outbox/win.js";
import { keys } from "../../src/stores/keys.js";
import { until } from "./until.js";
import type { World } from "./world.js";

/** How many wins are in the outbox, in all its entries. */
export async function winsInOutbox(redis: Redis): Promise<number> {
  const entries = await redis.xrange(keys.outbox, "-", "+");
  return entries.flatMap(([id, [, text]]) => parseWins(id, text ?? "")).length;
}

/** Waits until the outbox holds so many wins. */
export const outboxHolds = ({ redis }: Pick<World, "redis">, wins: number) =>
  until(`${wins} wins in the outbox`, async () => {
    const now = await winsInOutbox(redis);
    if (now !== wins) throw new Error(`${now}`);
  });

/** Puts a win into the outbox as draw.lua would have, in an entry of its own. Returns the entry's id. */
export async function addWin(
  redis: Pick<Redis, "xadd">,
  win: Pick<Win, "user_id" | "prize_id" | "draw_date" | "unit">,
  attempt = "attempt8",
): Promise<string> {
  const { user_id, prize_id, draw_date, unit } = win;
  const ticket = formatTicket({
    kind: "-",
    attempt,
    roll: 0,
    id: randomUUID(),
    user_id,
  });
  const lines = [
    [draw_date, Date.now()],
    [prize_id, unit - 1, unit - 1],
    [prize_id, ticket],
  ];
  const text = lines.map((line) => line.join("\t")).join("\n");
  return (await redis.xadd(keys.outbox, "*", "wins", text)) ?? "";
}
