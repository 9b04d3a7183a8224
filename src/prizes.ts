import type { Batcher } from "./batch.js";
import { createBatcher } from "./batch.js";
import type { Clock, Day } from "./clock.js";
import { unavailable } from "./errors.js";
import { keys } from "./keys.js";
import type { Postgres } from "./postgres.js";
import { PARTS } from "./random.js";
import type { Redis } from "./redis.js";
import { restoreWinners } from "./restore.js";

/** A prize as published: probability from 0 to 1, quotas in units, null for unlimited. */
export type Prize = {
  id: string;
  title: string;
  probability: number;
  daily_quota: number | null;
  total_quota: number | null;
};

/** A prize with the units left in all, and those that can still go today; null for unlimited. */
export type Stock = Prize & {
  left_total: number | null;
  left_today: number | null;
};

export type Prizes = {
  /** Reads the prizes and the wins of a day from Postgres into Redis. Starts after the call, never before. */
  reload(date?: string): Promise<void>;
  /** Reloads where a prize was edited since this server's last reload. */
  check(): Promise<void>;
  /** Reloads unless it has happened since the last connection to Redis was made. */
  ensureFresh(): Promise<void>;
  /** Redis was away and may have lost its last writes: nothing is drawn before the next reload. */
  markStale(): void;
  /** The title of a prize. Rejects with UNAVAILABLE where Postgres is away and the prize new. */
  title(id: string): Promise<string>;
  /** The prizes in force and what is left of them. */
  stock(): Promise<Stock[]>;
  /** Why the prizes in Postgres are not in force, or undefined. */
  problem(): string | undefined;
};

type Row = Prize & {
  version: string;
  active: boolean;
  odds_to: string;
  total_odds: string | null;
  too_many_odds: boolean | null;
  unit: string;
  day_unit: string;
};

/** A prize table that may be put in force: what reload.lua takes, but for the counters. */
type Table = {
  version: string;
  listing: Prize[];
  oddsTo: Map<string, string>;
};

export function createPrizes(
  redis: Redis,
  postgres: Postgres,
  clock: Clock,
  warn: (sentence: string) => void,
): Prizes {
  const titles = new Map<string, string>();
  let good: Table | undefined;
  let seen: string | undefined;
  let trouble: string | undefined;
  let connection = 0; // counts Redis's absences
  let freshFor = -1; // the connection of the last reload
  const reloads: Batcher<string, undefined> = createBatcher(reloadDates, 1_000);

  async function reloadDates(dates: string[]): Promise<undefined[]> {
    const current = connection;
    for (const date of new Set(dates)) await reloadDay(clock.day(date));
    freshFor = current;
    return dates.map(() => undefined);
  }

  async function reloadDay(day: Day): Promise<void> {
    const rows = await readPrizes(postgres, day.date);
    for (const row of rows) titles.set(row.id, row.title);
    await restoreWinners(redis, postgres, day, rows);

    const version = rows[0]?.version;
    const found = objection(rows);
    if (found && version !== seen) warn(found);
    trouble = found;
    seen = version;
    if (!found) good = compile(rows);
    // A refused table leaves the last good one in force, also in a Redis that lost it.
    await put(rows, good, day);
  }

  async function put(rows: Row[], table: Table | undefined, day: Day) {
    const counted = new Map(rows.map((row) => [row.id, row]));
    const listed = new Map(table?.listing.map((prize) => [prize.id, prize]));
    const lines = [...new Set([...listed.keys(), ...counted.keys()])].flatMap(
      (id) => [
        id,
        table?.oddsTo.get(id) ?? "",
        listed.get(id)?.daily_quota ?? -1,
        listed.get(id)?.total_quota ?? -1,
        counted.get(id)?.unit ?? 0,
        counted.get(id)?.day_unit ?? 0,
      ],
    );
    const listing = JSON.stringify(table?.listing ?? []);
    const version = table?.version ?? "";
    const places = [keys.prizes, keys.taken, keys.takenToday(day.date)];
    const head = [version, listing, day.expiresAt];
    await redis
      .reload(places.length, ...places, ...head, ...lines)
      .catch((error: unknown) => {
        throw unavailable(error);
      });
  }

  async function check(): Promise<void> {
    const [row] = await postgres.query(
      (sql) => sql<{ version: string }[]>`select version from prize_version`,
    );
    if (!isFresh() || row?.version !== seen) await reload();
  }

  async function ensureFresh(): Promise<void> {
    if (!isFresh()) await reload();
  }

  async function title(id: string): Promise<string> {
    if (!titles.has(id)) await reload();
    return titles.get(id) ?? id;
  }

  async function stock(): Promise<Stock[]> {
    const { date } = clock.today();
    const [listing, taken, today] = await readStock(redis, date);
    if (!listing) throw unavailable(new Error("no prize table in force"));
    const prizes = JSON.parse(listing) as Prize[];
    return prizes.map((prize) => ({ ...prize, ...left(prize, taken, today) }));
  }

  const isFresh = () => freshFor === connection;
  const reload = (date = clock.today().date) => reloads.add(date);

  return {
    reload,
    check,
    ensureFresh,
    markStale: () => {
      connection += 1;
    },
    title,
    stock,
    problem: () => trouble,
  };
}

/** One statement, so one snapshot. The greatest units come from the ends of two indexes, whatever the table's size. */
function readPrizes(postgres: Postgres, date: string): Promise<Row[]> {
  return postgres.query(
    (sql) => sql<Row[]>`
      select v.version, p.id, p.title, p.daily_quota, p.total_quota, p.active,
        p.probability::float8 as probability,
        floor(${PARTS}::bigint * sum(p.probability) filter (where p.active) over (order by p.id)) as odds_to,
        sum(p.probability) filter (where p.active) over () as total_odds,
        sum(p.probability) filter (where p.active) over () > 1 as too_many_odds,
        coalesce((
          select max(r.unit) from result r where r.prize_id = p.id
        ), 0) as unit,
        coalesce((
          select max(r.day_unit) from result r
          where r.prize_id = p.id and r.draw_date = ${date}::text::date
        ), 0) as day_unit
      from prize_version v, prize p
      order by p.id`,
  );
}

/** Why these prizes can't be put in force. */
function objection(rows: Row[]): string | undefined {
  if (rows.length === 0) return "There are no prizes: insert rows into prize.";
  if (rows[0]?.too_many_odds) {
    return `The probabilities of the active prizes sum to ${rows[0].total_odds}, more than 1: lower them. The last good prize table stays in force.`;
  }
  return undefined;
}

function compile(rows: Row[]): Table {
  const inForce = rows.filter((row) => row.active);
  return {
    version: rows[0]?.version ?? "",
    oddsTo: new Map(inForce.map((row) => [row.id, row.odds_to])),
    listing: inForce.map((row) => ({
      id: row.id,
      title: row.title,
      probability: row.probability,
      daily_quota: row.daily_quota,
      total_quota: row.total_quota,
    })),
  };
}

type Counts = Record<string, string>;

async function readStock(
  redis: Redis,
  date: string,
): Promise<[listing: string | null, taken: Counts, today: Counts]> {
  const replies = await redis
    .multi()
    .hget(keys.prizes, "listing")
    .hgetall(keys.taken)
    .hgetall(keys.takenToday(date))
    .exec()
    .catch((error: unknown) => {
      throw unavailable(error);
    });
  const [listing, taken, today] = (replies ?? []).map(([error, reply]) => {
    if (error) throw unavailable(error);
    return reply;
  });
  return [listing as string | null, taken as Counts, today as Counts];
}

function left(prize: Prize, taken: Counts, today: Counts) {
  const rest = (quota: number | null, count: string | undefined) =>
    quota === null ? null : Math.max(0, quota - Number(count ?? 0));
  const total = rest(prize.total_quota, taken[prize.id]);
  const daily = rest(prize.daily_quota, today[prize.id]);
  return {
    left_total: total,
    left_today:
      total === null || daily === null
        ? (total ?? daily)
        : Math.min(total, daily),
  };
}
