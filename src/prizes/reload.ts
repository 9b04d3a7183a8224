import { createBatcher } from "../batch.js";
import type { Clock, Day } from "../clock.js";
import { unavailable } from "../errors.js";
import type { Postgres } from "../stores/postgres.js";
import type { Redis } from "../stores/redis.js";
import { type Epoch, isRestoring, nameOf, newEpoch } from "./epoch.js";
import { differenceOf, putTable, readTable } from "./in-force.js";
import { look } from "./look.js";
import { type Found, lostOf } from "./loss.js";
import {
  compile,
  objection,
  type Row,
  readIdentity,
  readPrizes,
  type Table,
  tighten,
} from "./table.js";

export type Prizes = {
  /**
   * Reads the prizes and the wins of a day, or of today, from Postgres into Redis. Starts after the call. `found` is
   * what the caller noticed about that day's data.
   */
  reload(date?: string, found?: Found): Promise<void>;
  /** Reloads where a prize was edited since this server's last reload, or Redis lost something. */
  check(): Promise<void>;
  /** Whether a reload has happened since the last connection to Redis was made: nothing is drawn before. */
  isFresh(): boolean;
  /** Redis was away and may have lost its last writes. */
  markStale(): void;
  /** The epoch that this server expects of a day's data in Redis; undefined before a reload of that day. */
  epoch(date: string): Epoch | undefined;
  /** The days whose winners are not all back in Redis. */
  restoring(): string[];
  /** The title of a prize. Rejects with UNAVAILABLE where the prize is new to this server and Postgres away. */
  title(id: string): string | Promise<string>;
  /** Why the prizes in Postgres are not in force, or undefined. */
  problem(): string | undefined;
  /** Why this server may draw nothing, or undefined: the data in Redis are not its own, or Redis's clock is doubted. */
  stop(): string | undefined;
};

/** Stands for today's date until the clock has been compared. */
const TODAY = "today";

type Asked = { date: string; found: Found };

/** How often a day is read again after its data got a new name. */
const MOST_TRIES = 3;

const DOUBTED =
  "Redis's clock has jumped: nothing is drawn until it has stood for five seconds.";

/** `watch` is handed every reload that begins. */
export function createPrizes(
  parts: { redis: Redis; postgres: Postgres; clock: Clock; timeZone: string },
  warn: (sentence: string) => void,
  watch: (reload: Promise<unknown>) => void = () => {},
): Prizes {
  const { redis, postgres, clock, timeZone } = parts;
  const titles = new Map<string, string>();
  const epochs = new Map<string, Epoch>(); // date → the day's data as last seen
  let good: Table | undefined;
  let seen: string | undefined; // the version last read, good or not
  let inForce = ""; // the version that Redis then had
  let trouble: string | undefined;
  let difference: string | undefined;
  let identity: string | undefined;
  let connection = 0; // counts Redis's absences
  let freshFor = -1; // the connection of the last reload
  let steps = 0; // of Redis's clock, before the last reload
  const reloads = createBatcher<Asked, undefined>((asked) => {
    const reloading = reloadDates(asked);
    watch(reloading);
    return reloading;
  }, 1_000);

  const isFresh = () => freshFor === connection;
  const reload = (date = TODAY, found: Found = {}) =>
    reloads.add({ date, found });

  async function reloadDates(asked: Asked[]): Promise<undefined[]> {
    const current = connection;
    // A new connection may be to another Redis, with another clock.
    if (!isFresh()) await clock.sync();
    if (clock.isDoubted()) throw unavailable(new Error(DOUBTED));
    const stepped = clock.steps();
    // Draws that began before midnight and retries by key need the day before; and midnight must not wait for Postgres.
    const { date: today, before, after } = clock.today();
    const others = asked.map(({ date }) => date).filter((it) => it !== TODAY);
    for (const date of new Set([today, before, after, ...others])) {
      const found = asked
        .filter(
          (it) => it.date === date || (it.date === TODAY && date === today),
        )
        .map((it) => it.found);
      // A clock that jumped ahead may have expired any key of a day.
      if (stepped !== steps) found.push({ lost: epochs.get(date) });
      await reloadDay(clock.day(date), found);
    }
    for (const date of epochs.keys()) if (date < before) epochs.delete(date);
    steps = stepped;
    freshFor = current;
    return asked.map(() => undefined);
  }

  /**
   * If a day's data get a new name, the day is read once more: the first read may be older than the loss. A day without
   * rows has no winners to restore.
   */
  async function reloadDay(day: Day, found: Found[]): Promise<void> {
    for (let tries = MOST_TRIES; tries > 0; tries -= 1) {
      const rows = await readPrizes(postgres, day.date);
      const known = epochs.get(day.date);
      const isEmpty =
        tries < MOST_TRIES && rows.every((row) => row.day_unit === "0");
      const next = newEpoch(clock.now());
      const epoch = await putInForce(day, rows, {
        next,
        lost: tries === MOST_TRIES ? lostOf(found, known, rows) : undefined,
        restored: isEmpty
          ? known && nameOf(known)
          : found.find(({ restored }) => restored)?.restored,
      });
      epochs.set(day.date, epoch);
      if (nameOf(epoch) !== next) return;
    }
  }

  async function putInForce(
    day: Day,
    rows: Row[],
    known: {
      next: Epoch;
      lost: Epoch | undefined;
      restored: Epoch | undefined;
    },
  ): Promise<Epoch> {
    for (const row of rows) titles.set(row.id, row.title);
    const version = rows[0]?.version;
    const refusal = objection(rows);
    if (refusal && refusal !== trouble) warn(refusal);
    trouble = refusal;
    // If the table is refused, the last good one stays in force, even in a Redis that lost it and on a server that
    // started later.
    good = refusal ? (good ?? (await readTable(redis))) : compile(rows);
    const table = good && tighten(good, rows);
    identity ??= await readIdentity(postgres);
    const answer = await putTable(redis, {
      rows,
      table,
      day,
      isToday: day.date === clock.today().date,
      agreed: { identity, timeZone },
      known,
      now: clock.now(),
    });
    if ("differs" in answer) throw differ(differenceOf(answer, timeZone));
    difference = undefined;
    inForce = answer.version;
    seen = version;
    return answer.epoch;
  }

  /** These data are not ours: nothing is drawn on them, swept or told. */
  function differ(sentence: string): Error {
    if (sentence !== difference) warn(sentence);
    difference = sentence;
    freshFor = -1;
    epochs.clear();
    return unavailable(new Error(sentence));
  }

  async function check(): Promise<void> {
    const [row] = await postgres.query(
      (sql) => sql<{ version: string }[]>`select version from prize_version`,
    );
    const edited = row?.version !== seen;
    const { date, after } = clock.today();
    const isKnown = epochs.has(date) && epochs.has(after);
    const stepped = clock.steps() !== steps;
    if (
      !isFresh() ||
      edited ||
      !isKnown ||
      stepped ||
      (await isChanged(date))
    ) {
      await reload();
    }
  }

  /** Whether the data in Redis differ from what this server expects. */
  async function isChanged(date: string): Promise<boolean> {
    const { version, epoch, isSameRedis } = await look(
      redis,
      date,
      clock.now(),
    );
    // Another server may have put a newer table in force; none at all, or an older one, means that Redis lost it.
    if (version < Number(inForce)) return true;
    return epoch !== epochs.get(date) || !isSameRedis;
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
    epoch: (date) => epochs.get(date),
    restoring: () =>
      [...epochs].flatMap(([date, epoch]) => (isRestoring(epoch) ? date : [])),
    title,
    problem: () => trouble,
    stop: () => difference ?? (clock.isDoubted() ? DOUBTED : undefined),
  };
}
