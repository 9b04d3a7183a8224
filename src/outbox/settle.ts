import { createBatcher } from "../batch.js";
import type { Clock } from "../clock.js";
import { unavailable } from "../errors.js";
import type { Keys } from "../stores/keys.js";
import type { Redis } from "../stores/redis.js";
import { type Entry, seatOf } from "./win.js";

/** A finished win: what became of its row and of its answer. */
export type Settlement = {
  /** the outbox entry it came from; undefined if that is not known any more */
  entry: Entry | undefined;
  user_id: string;
  /** the day of the draw */
  draw_date: string;
  /** which of the user's draws of that day it is */
  draw_no: number;
  /** the attempt that won; empty if not known */
  attempt: string;
  /** the attempt whose row Postgres has, if it is another one */
  stands?: string;
  /**
   * told: the row is committed and the winner has the answer; untold: nobody was told yet; void: Postgres refused the
   * win, and its draw was decided again and settled on its own.
   */
  telling: "told" | "untold" | "void";
};

export type Settlements = {
  /** Settles a win, batched with others that arrive meanwhile. Never rejects: failures are kept for `retry`. */
  add(settlement: Settlement): Promise<void>;
  /** Retries what failed while Redis was away. */
  retry(): Promise<void>;
  idle(): Promise<void>;
};

/** Settlements that wait together, and how many such groups are settled at a time. */
const LARGEST_GROUP = 500;
const MOST_GROUPS = 2;

/** Settlements that wait together: one promise for all of them. */
type Group = { settlements: Settlement[]; settled: Promise<void> };

/** How many are kept for `retry`. Beyond that a win may be told twice, until the sweeper settles it. */
const MOST_KEPT = 50_000;

/** A sweeper may have seen entries older than this (`sweep.ts`). */
const YOUNG_MS = 2_000;

export function createSettlements(
  redis: Redis,
  keys: Keys,
  clock: Clock,
): Settlements {
  let failed: Settlement[] = [];
  let open: Group | undefined; // takes what arrives until its turn
  const batches = createBatcher(settleGroups, MOST_GROUPS);

  async function settleGroups(groups: Group[]): Promise<undefined[]> {
    if (open && groups.includes(open)) open = undefined;
    await settleAll(groups.flatMap(({ settlements }) => settlements));
    return groups.map(() => undefined);
  }

  /**
   * If all winners of an entry were told, the entry is deleted, and that is enough: one XDEL for a batch of wins.
   * Everything else is noted win by win.
   */
  async function settleAll(batch: Settlement[]): Promise<void> {
    for (const settlement of batch) {
      settlement.entry?.left.delete(seatOf(settlement));
    }
    const whole = new Set<string>();
    const together: Settlement[] = [];
    const single: Settlement[] = [];
    for (const settlement of batch) {
      const { entry, telling } = settlement;
      if (entry?.left.size === 0) whole.add(entry.id);
      if (telling === "void") continue;
      const alike =
        telling === "told" && entry?.left.size === 0 && isOwn(entry);
      (alike ? together : single).push(settlement);
    }
    // One after the other: if Redis has forgotten the script, it is sent again and would run after the XDEL. In
    // between, a winner who is still to be told would have neither entry nor mark.
    await noteAll(redis, keys, clock, single);
    const struck = await strike(whole);
    // Redis lost an entry, or a sweeper was first: then the told wins must be noted as well.
    if (struck < whole.size) await noteAll(redis, keys, clock, together);
  }

  /**
   * Whether only the server that drew it can settle it: no sweeper has seen it, and no mark of an earlier day names it.
   */
  function isOwn({ id, draw_date }: Entry): boolean {
    const age = clock.now() - Number.parseInt(id, 10);
    // An id in the future: Redis's clock was set back, and the sweeper does not rely on it.
    return Math.abs(age) < YOUNG_MS && draw_date === clock.today().date;
  }

  async function strike(entries: Set<string>): Promise<number> {
    return entries.size > 0 ? redis.xdel(keys.outbox, ...entries) : 0;
  }

  function add(settlement: Settlement): Promise<void> {
    if (!open || open.settlements.length >= LARGEST_GROUP) open = begin();
    open.settlements.push(settlement);
    return open.settled;
  }

  function begin(): Group {
    const settlements: Settlement[] = [];
    const group = { settlements, settled: Promise.resolve() };
    group.settled = batches.add(group).catch(() => {
      if (group === open) open = undefined;
      const room = MOST_KEPT - failed.length;
      failed = failed.concat(settlements.slice(0, room));
    });
    return group;
  }

  async function retry(): Promise<void> {
    const again = failed;
    failed = [];
    await Promise.all(again.map(add));
  }

  return { add, retry, idle: batches.idle };
}

/** What is noted of a win: as a settlement says, or that nothing is known of its row. */
type Note = Omit<Settlement, "telling"> & {
  telling: Settlement["telling"] | "unknown";
};

const TELLING = { told: 1, untold: 0, void: 0, unknown: 2 };

/** Notes wins one by one, by one EVALSHA of lua/settle.lua. Rejects with UNAVAILABLE. */
export async function noteAll(
  redis: Redis,
  keys: Keys,
  clock: Pick<Clock, "day">,
  notes: Note[],
): Promise<void> {
  if (notes.length === 0) return;
  const names: string[] = [keys.pending];
  const values: (string | number)[] = [];
  for (const note of notes) {
    const { entry, user_id, draw_date, draw_no, attempt, telling } = note;
    const { stands = attempt } = note;
    const { expiresAt } = clock.day(draw_date);
    names.push(keys.players(draw_date, user_id));
    values.push(entry?.id ?? "", user_id, draw_date, TELLING[telling]);
    values.push(attempt, stands, expiresAt, draw_no);
  }
  await redis
    .settle(names.length, ...names, ...values)
    .catch((error: unknown) => {
      throw unavailable(error);
    });
}
