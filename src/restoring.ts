import type { Clock, Day } from "./clock.js";
import { beganAt, type Epoch, nameOf } from "./epoch.js";
import { unavailable } from "./errors.js";
import { keys } from "./keys.js";
import type { Postgres } from "./postgres.js";
import type { Prizes } from "./prizes.js";
import { freshName } from "./random.js";
import type { Redis } from "./redis.js";
import { restorePage } from "./restore.js";

/** Milliseconds after which no INSERT is under way that began before the loss. */
const INSERTS_END = 3_000;

/** How long a run goes on to the next page, in milliseconds: a stop waits for it. */
const BUDGET = 2_000;

/** How long a server that restores a day keeps others from doing the same, in milliseconds. */
const LEASE = 5_000;

/** How far this server is with a day: the prizes that are left, and the unit of the first up to which all are back. */
type Progress = { name: Epoch; prizes: string[]; from: number };

export type Restoring = {
  /**
   * Gives Redis the winners back of the days of which something was lost, beside the draws, page by page. Goes on where it
   * was; one server at a time does it. Rejects with UNAVAILABLE.
   */
  run(): Promise<void>;
};

export function createRestoring(
  redis: Redis,
  postgres: Postgres,
  clock: Clock,
  prizes: Pick<Prizes, "epoch" | "reload" | "restoring">,
): Restoring {
  const server = freshName();
  const progress = new Map<string, Progress>();

  async function run(): Promise<void> {
    const end = performance.now() + BUDGET;
    for (const date of prizes.restoring()) {
      const epoch = prizes.epoch(date);
      if (!epoch || clock.now() < beganAt(epoch) + INSERTS_END) continue;
      if (!(await isMine(date))) continue;
      if (await restoreDay(clock.day(date), nameOf(epoch), end)) {
        progress.delete(date);
        await prizes.reload(date, { restored: nameOf(epoch) });
      }
    }
  }

  /** Whether all are back. */
  async function restoreDay(day: Day, name: Epoch, end: number) {
    const its = progress.get(day.date);
    const here = its?.name === name ? its : await begin(day, name);
    const tell = day.date === clock.today().date;
    while (here.prizes.length > 0) {
      if (performance.now() > end) return false;
      const [id = ""] = here.prizes;
      const last = await restorePage(redis, postgres, day, id, here.from, tell);
      here.from = last ?? 0;
      if (last === undefined) here.prizes.shift();
    }
    return true;
  }

  async function begin({ date }: Day, name: Epoch): Promise<Progress> {
    const rows = await postgres.query(
      (sql) => sql<{ id: string }[]>`select id from prize order by id`,
    );
    const begun = { name, prizes: rows.map(({ id }) => id), from: 0 };
    progress.set(date, begun);
    return begun;
  }

  /** Two servers may both take it for theirs, and then do the same work twice: nothing worse. */
  async function isMine(date: string): Promise<boolean> {
    const key = keys.takenToday(date);
    const held = await redis.hget(key, "@restorer").catch(refuse);
    const [holder, until] = (held ?? "").split(" ");
    if (holder !== server && clock.now() < Number(until ?? 0)) return false;
    const lease = `${server} ${Math.floor(clock.now()) + LEASE}`;
    await redis.hset(key, "@restorer", lease).catch(refuse);
    return true;
  }

  return { run };
}

function refuse(error: unknown): never {
  throw unavailable(error);
}
