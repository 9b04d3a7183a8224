import type { Clock } from "../../clock.js";
import type { Postgres } from "../../stores/postgres.js";
import {
  clusterOf,
  mastersOf,
  type Redis,
  redisTime,
} from "../../stores/redis.js";
import { ok, type Say, warn } from "./finding.js";

/** Milliseconds from which on a difference is told. */
const LARGEST_DIFFERENCE_MS = 1_000;

/** Where the campaign day stands, by Redis's clock. */
export function examineDay(timeZone: string, clock: Clock, say: Say): void {
  const { date, resetsAt } = clock.today();
  say(ok(`In ${timeZone} it is ${date}, until ${resetsAt}.`));
}

/** Compares Redis's clock, which decides, with this machine's (`local`, in milliseconds) and Postgres's. */
export async function examineClocks(
  redis: Redis,
  postgres: Postgres | undefined,
  say: Say,
  local: () => number = Date.now,
): Promise<void> {
  const shared = () => redisTime(redis);
  const own = await ahead(shared, async () => local());
  compare("This machine's", own, say);
  const nodes = clusterOf(redis) ? mastersOf(redis) : [];
  for (const node of nodes) {
    const { host, port } = node.options;
    const its = await ahead(shared, () => redisTime(node));
    compare(`${host}:${port}'s`, its, say);
  }
  if (!postgres) return;
  const theirs = await ahead(shared, async () => {
    const [row] = await postgres.query(
      (sql) => sql<{ now: number }[]>`
        select (extract(epoch from clock_timestamp()) * 1000)::float8 as now`,
    );
    return row?.now ?? 0;
  });
  compare("Postgres's", theirs, say);
}

/** How far `other` is ahead of `shared`, in milliseconds: asked between two looks at the shared clock. */
async function ahead(
  shared: () => Promise<number>,
  other: () => Promise<number>,
): Promise<number> {
  const before = await shared();
  const theirs = await other();
  const after = await shared();
  return theirs - (before + after) / 2;
}

function compare(whose: string, difference: number, say: Say): void {
  const size = Math.abs(difference);
  const seconds = (size / 1_000).toFixed(size < 100 ? 3 : 1);
  const side = difference < 0 ? "behind" : "ahead of";
  const sentence = `${whose} clock is ${seconds} s ${side} Redis's.`;
  say(
    size < LARGEST_DIFFERENCE_MS
      ? ok(sentence)
      : warn(
          sentence,
          "have NTP set all clocks; draws go by Redis's, so that one must be right",
        ),
  );
}
