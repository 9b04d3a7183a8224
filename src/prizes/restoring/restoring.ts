import type { Day } from "../../clock.js";
import { unavailable } from "../../errors.js";
import { freshName } from "../../random.js";
import type { Scope } from "../campaign.js";
import { beganAt, type Epoch, nameOf } from "../epoch.js";
import type { Prizes } from "../reload.js";
import { recountPage } from "./recount-wins.js";
import { restorePage } from "./restore-winners.js";

/** After this time no INSERT from before the loss is still under way. */
const LONGEST_INSERT_MS = 3_000;

/** How long a run goes on to the next page: a stop waits for it. */
const BUDGET_MS = 2_000;

/** How long a server that restores a day keeps others from restoring it. */
const LEASE_MS = 5_000;

/** The winners of a prize on that day, or all of a prize whose wins are counted. */
type Task = { prize_id: string; page: typeof restorePage };

/** How far this server is with a day: the tasks that are left, and the unit of the first up to which all is done. */
type Progress = { name: Epoch; tasks: Task[]; from: number };

export type Restoring = {
  /**
   * Restores the winners of days whose data were lost, page by page, while draws go on. Continues where it stopped; one
   * server at a time does it. Rejects with UNAVAILABLE.
   */
  run(): Promise<void>;
};

export function createRestoring(
  scope: Scope,
  prizes: Pick<Prizes, "epoch" | "reload" | "restoring">,
): Restoring {
  const { redis, postgres, keys, clock, held } = scope;
  const server = freshName();
  const progress = new Map<string, Progress>();

  async function run(): Promise<void> {
    const end = performance.now() + BUDGET_MS;
    for (const date of prizes.restoring()) {
      const epoch = prizes.epoch(date) ?? "";
      const { current, isFree } = await look(date);
      if (current !== epoch) {
        await prizes.reload(date); // another server has restored it, or lost it
        continue;
      }
      if (!isFree || clock.now() < beganAt(epoch) + LONGEST_INSERT_MS) continue;
      await hold(date);
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
    const lost = { day, epoch: name };
    for (let [task] = here.tasks; task; [task] = here.tasks) {
      if (performance.now() > end) return false;
      const { prize_id, page } = task;
      const last = await page(scope, lost, { prize_id, from: here.from });
      here.from = last ?? 0;
      if (last === undefined) here.tasks.shift();
    }
    return true;
  }

  async function begin({ date }: Day, name: Epoch): Promise<Progress> {
    const rows = await postgres.query(
      (sql) => sql<{ id: string }[]>`
        select id from prize where campaign_id = ${held.campaign.id} order by id`,
    );
    const isLimited = held.campaign.wins_per_user !== null;
    const pages = [restorePage, ...(isLimited ? [recountPage] : [])];
    const tasks = pages.flatMap((page) =>
      rows.map(({ id }) => ({ prize_id: id, page })),
    );
    const begun = { name, tasks, from: 0 };
    progress.set(date, begun);
    return begun;
  }

  /** The day's data as Redis has them, and whether no other server restores them. */
  async function look(date: string) {
    const [current, held] = await redis
      .hmget(keys.takenToday(date), "@epoch", "@restorer")
      .catch(refuse);
    const [holder, until] = (held ?? "").split(" ");
    const isFree = holder === server || clock.now() >= Number(until ?? 0);
    return { current, isFree };
  }

  /** Two servers may both claim a day; then they do the same work twice, nothing worse. */
  async function hold(date: string): Promise<void> {
    const lease = `${server} ${Math.floor(clock.now()) + LEASE_MS}`;
    await redis.hset(keys.takenToday(date), "@restorer", lease).catch(refuse);
  }

  return { run };
}

function refuse(error: unknown): never {
  throw unavailable(error);
}
