import { createBatcher } from "./batch.js";
import type { Clock, Day } from "./clock.js";
import type { Postgres } from "./postgres.js";
import {
  compile,
  objection,
  type Row,
  readPrizes,
  type Table,
  tighten,
} from "./prize-table.js";
import type { Redis } from "./redis.js";
import { type Clashes, restoreWinners } from "./restore.js";
import { putTable, readTable } from "./table-in-force.js";
import type { Win } from "./win.js";

export type Prizes = {
  /**
   * Reads the prizes and the wins of a day, or of today, from Postgres into Redis. Starts after the call. `clash` is a
   * win that Postgres refused.
   */
  reload(date?: string, clash?: Win): Promise<void>;
  /** Reloads where a prize was edited since this server's last reload, or Redis lost the table. */
  check(): Promise<void>;
  /** Whether a reload has happened since the last connection to Redis was made: nothing is drawn before. */
  isFresh(): boolean;
  /** Redis was away and may have lost its last writes. */
  markStale(): void;
  /** The title of a prize. Rejects with UNAVAILABLE where the prize is new to this server and Postgres away. */
  title(id: string): string | Promise<string>;
  /** Why the prizes in Postgres are not in force, or undefined. */
  problem(): string | undefined;
};

/** Stands for today's date until the clock has been compared. */
const TODAY = "today";

type Reload = { date: string; clash: Win | undefined };

/** Milliseconds after which no INSERT is under way that began before a failover. */
const INSERTS_END = 3_000;

/** `watch` is handed every reload that begins. */
export function createPrizes(
  redis: Redis,
  postgres: Postgres,
  clock: Clock,
  warn: (sentence: string) => void,
  watch: (reload: Promise<unknown>) => void = () => {},
): Prizes {
  const titles = new Map<string, string>();
  let good: Table | undefined;
  let seen: string | undefined; // the version last read, good or not
  let inForce = ""; // the version that Redis then had
  let trouble: string | undefined;
  let connection = 0; // counts Redis's absences
  let freshFor = -1; // the connection of the last reload
  let lineage = ""; // the Redis of the last reload
  let secondLook = Number.POSITIVE_INFINITY; // when its winners are to be looked for once more
  const reloads = createBatcher<Reload, undefined>((asked) => {
    const reloading = reloadDates(asked);
    watch(reloading);
    return reloading;
  }, 1_000);

  const isFresh = () => freshFor === connection;
  const reload = (date = TODAY, clash?: Win) => reloads.add({ date, clash });

  async function reloadDates(asked: Reload[]): Promise<undefined[]> {
    const current = connection;
    // A new connection may be to another Redis, with another clock.
    if (!isFresh()) await clock.sync();
    // A table in force must mean that the winners are there: today's, and those of the day before, which draws that began
    // before midnight and retries by key still need.
    const { date: today, before } = clock.today();
    const dates = asked.map(({ date }) => date).filter((it) => it !== TODAY);
    const isDue = clock.now() >= secondLook;
    const since = isDue ? "" : lineage;
    const reads: { day: Day; rows: Row[] }[] = [];
    for (const date of new Set([today, before, ...dates])) {
      const day = clock.day(date);
      const rows = await readPrizes(postgres, date);
      const tell = date === clock.today().date;
      const clashes = clashesOn(date, asked);
      const extent = { counts: rows, clashes, lineage: since, tell };
      await restoreWinners(redis, postgres, day, extent);
      reads.push({ day, rows });
    }
    let found = lineage;
    for (const { day, rows } of reads) found = await putInForce(day, rows);
    freshFor = current;
    if (isDue) secondLook = Number.POSITIVE_INFINITY;
    if (found !== lineage) secondLook = clock.now() + INSERTS_END;
    lineage = found;
    return asked.map(() => undefined);
  }

  /** Answers with the Redis that was reloaded, by its replication id. */
  async function putInForce(day: Day, rows: Row[]): Promise<string> {
    for (const row of rows) titles.set(row.id, row.title);
    const version = rows[0]?.version;
    const refusal = objection(rows);
    if (refusal && refusal !== trouble) warn(refusal);
    trouble = refusal;
    // A refused table leaves the last good one in force, also in a Redis that lost it, and on a server that started since.
    good = refusal ? (good ?? (await readTable(redis))) : compile(rows);
    const table = good && tighten(good, rows);
    const isToday = day.date === clock.today().date;
    const [standing, found] = await putTable(redis, rows, table, day, isToday);
    inForce = standing;
    seen = version;
    return found;
  }

  async function check(): Promise<void> {
    const [row] = await postgres.query(
      (sql) => sql<{ version: string }[]>`select version from prize_version`,
    );
    const standing = (await readTable(redis))?.version ?? "0";
    const edited = row?.version !== seen;
    // Another server may have put a newer one in force; none at all, or an older one, means that Redis lost it.
    const lost = Number(standing) < Number(inForce);
    const due = clock.now() >= secondLook;
    if (!isFresh() || edited || lost || due) await reload();
  }

  const title = (id: string) =>
    titles.get(id) ?? reload().then(() => titles.get(id) ?? id);

  return {
    reload,
    check,
    isFresh,
    markStale: () => {
      connection += 1;
    },
    title,
    problem: () => trouble,
  };
}

function clashesOn(date: string, asked: Reload[]): Clashes {
  const clashes: Clashes = new Map();
  for (const { clash } of asked) {
    if (clash?.draw_date !== date) continue;
    const { prize_id, day_unit } = clash;
    const lowest = Math.min(clashes.get(prize_id) ?? day_unit, day_unit);
    clashes.set(prize_id, lowest);
  }
  return clashes;
}
