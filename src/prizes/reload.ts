import { createBatcher } from "../batch.js";
import type { Day } from "../clock.js";
import { unavailable } from "../errors.js";
import type { Days } from "../proof/days.js";
import { keepMoments } from "../proof/log/moments.js";
import { installHeld } from "../shards/install.js";
import { createLedger } from "../shards/ledger.js";
import { DEFAULT_CAMPAIGN } from "../stores/keys.js";
import { clusterOf } from "../stores/redis.js";
import {
  readCampaigns,
  ruleProblem,
  rulesOf,
  type Scope,
  type Versioned,
} from "./campaign.js";
import { type Epoch, isRestoring, nameOf, newEpoch } from "./epoch.js";
import { differenceOf, putTable, readTable } from "./in-force.js";
import { loggedTables } from "./logged-tables.js";
import { look } from "./look.js";
import { type Found, findLost } from "./loss.js";
import { putMoments } from "./moments.js";
import { windowsOf } from "./release.js";
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
  /**
   * Reloads where the campaign or a prize of it was edited since this server's last reload, or Redis lost something.
   * `version`: that of the last edit, where the caller knows it.
   */
  check(version?: string): Promise<void>;
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

/** `days`: which of them have logs. `watch` is handed every reload that begins; `timeZone` is that of campaigns without their own. */
export function createPrizes(
  scope: Scope & { timeZone: string; days: Days },
  warn: (sentence: string) => void,
  watch: (reload: Promise<unknown>) => void = () => {},
): Prizes {
  const { redis, postgres, keys, clock, timeZone, held, days } = scope;
  const { shard, everywhere } = scope;
  const ledger = createLedger(postgres);
  const { id: campaignId } = held.campaign;
  const isMain = campaignId === DEFAULT_CAMPAIGN;
  const named = (problem: string | undefined) =>
    problem && !isMain ? `${campaignId}: ${problem}` : problem;
  const titles = new Map<string, string>();
  const epochs = new Map<string, Epoch>(); // date → the day's data as last seen
  let good: Table | undefined;
  let seen: string | undefined; // the version last read, good or not
  let inForce = ""; // the version that Redis then had
  let rules: Versioned | undefined; // the campaign as last read
  let trouble: string | undefined;
  let difference: string | undefined;
  let identity: string | undefined;
  let connection = 0; // counts Redis's absences
  let freshFor = -1; // the connection of the last reload
  let overdueAt = Number.POSITIVE_INFINITY; // when a moment of another shard is offered here, too
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
    if (!isFresh()) {
      await clock.sync().catch((error: unknown) => {
        // On a cluster another node may have the clock that counts: while that is away, ours goes on as it was compared.
        if (!clusterOf(redis) || !clock.isCompared()) throw error;
      });
    }
    if (clock.isDoubted()) throw unavailable(new Error(DOUBTED));
    const stepped = clock.steps();
    await readRules();
    // Draws that began before midnight and retries by key need the day before; and midnight must not wait for Postgres.
    const { date: today, before, after } = clock.today();
    const others = asked.map(({ date }) => date).filter((it) => it !== TODAY);
    const dates = [...new Set([today, before, after, ...others])];
    await days.read(dates);
    for (const date of dates) {
      const found = asked
        .filter(
          (it) => it.date === date || (it.date === TODAY && date === today),
        )
        .map((it) => it.found);
      // A clock that jumped ahead may have expired any key of a day.
      if (stepped !== steps) found.push({ lost: epochs.get(date) });
      const day = clock.day(date);
      await reloadDay(day, found);
      await days.begin(day, nameOf(epochs.get(date) ?? ""));
    }
    // A win of the day before that Postgres refuses is decided again on its day, which needs the one before that.
    const { before: earliest } = clock.day(before);
    for (const date of epochs.keys()) if (date < earliest) epochs.delete(date);
    steps = stepped;
    freshFor = current;
    return asked.map(() => undefined);
  }

  /**
   * If a day's data get a new name, the day is read once more: the first read may be older than the loss. A day without
   * rows has no winners to restore.
   */
  async function reloadDay(day: Day, found: Found[]): Promise<void> {
    const clash = found.find(({ clash }) => clash)?.clash;
    const before = epochs.get(day.date);
    const lost = await findLost(postgres, campaignId, found, before);
    for (let tries = MOST_TRIES; tries > 0; tries -= 1) {
      const rows = await readPrizes(postgres, campaignId, day.date);
      const known = epochs.get(day.date);
      // Where wins are limited, those of all days must be counted first.
      const isEmpty =
        tries < MOST_TRIES &&
        held.campaign.wins_per_user === null &&
        rows.every((row) => row.day_unit === "0");
      const next = newEpoch(clock.now());
      const epoch = await putInForce(day, rows, clash?.win.moment_id, {
        next,
        lost: tries === MOST_TRIES ? lost : undefined,
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
    givenUp: string | undefined,
    known: {
      next: Epoch;
      lost: Epoch | undefined;
      restored: Epoch | undefined;
    },
  ): Promise<Epoch> {
    for (const row of rows) titles.set(row.id, row.title);
    // The campaign was read first: what was edited since is read with the next look.
    const version = rules?.version ?? "";
    const refusal = named((rules && ruleProblem(rules)) ?? objection(rows));
    if (refusal && refusal !== trouble) warn(refusal);
    trouble = refusal;
    // If the table is refused, the last good one stays in force, even in a Redis that lost it and on a server that
    // started later.
    good = refusal
      ? (good ?? (await readTable(redis, keys)))
      : compile(rows, version);
    // Whoever comes before the start or after the end is told so, though there are no prizes yet.
    const isRefused = refusal !== undefined && !good?.listing.length;
    const isEmpty = isRefused && version !== "" && !isMain;
    const table = isEmpty
      ? { version, listing: [] }
      : good && tighten(good, rows);
    identity ??= await readIdentity(postgres);
    const isToday = day.date === clock.today().date;
    const answer = await putTable(redis, keys, {
      // On several shards the counters are what was taken of the numbers that each holds.
      rows: shard === undefined ? rows : rows.map(uncounted),
      table,
      day,
      isToday,
      agreed: {
        identity,
        timeZone: held.campaign.time_zone === null ? timeZone : "",
      },
      known,
      now: clock.now(),
      rules: rulesOf(held.campaign, {
        empty: isEmpty,
        verifiable: days.isOn(),
      }),
      proof: days.isOn() ? logged(table, day.date) : "",
      windows: (prize) => windowsOf(clock, prize, datesBeside(day.date)),
    });
    if ("differs" in answer) throw differ(differenceOf(answer, timeZone));
    if (shard !== undefined) {
      const isEver = isToday || answer.rights.endsWith("?");
      await installHeld(
        { redis, ledger, keys, campaign: campaignId, shard },
        {
          date: day.date,
          ofDay: nameOf(answer.epoch),
          ofEver: isEver ? nameOf(answer.rights) : undefined,
        },
      );
    }
    difference = undefined;
    inForce = answer.version;
    seen = version;
    if (isToday && rows.some((row) => row.has_moments)) {
      await schedule(version, givenUp);
    }
    return answer.epoch;
  }

  /** Puts the moments in force that the table read last has. */
  async function schedule(version: string, givenUp?: string): Promise<void> {
    overdueAt = await putMoments(
      scope,
      { version, givenUp },
      clock.now(),
      async (moments) => {
        if (!days.isOn()) return "";
        const logged = datesBeside(clock.today().date).map(clock.day);
        return keepMoments(postgres, campaignId, moments, logged);
      },
    );
  }

  const logged = (table: Table | undefined, date: string) =>
    loggedTables(clock, held.campaign, table, datesBeside(date));

  /** The days that draws may be of, and one. */
  function datesBeside(date: string): string[] {
    const { date: today, before, after } = clock.today();
    return [...new Set([today, before, after, date])];
  }

  /** The campaign as it is now; what can't be in force leaves what was. */
  async function readRules(): Promise<void> {
    const rows = await readCampaigns(postgres, campaignId);
    rules = rows[0];
    // This lane is of before the number of shards was changed.
    if (rules && rules.shards !== everywhere.length) {
      freshFor = -1;
      throw unavailable(new Error(`${campaignId} has ${rules.shards} shards`));
    }
    if (rules && !ruleProblem(rules)) held.campaign = rules;
  }

  /** These data are not ours: nothing is drawn on them, swept or told. */
  function differ(sentence: string): Error {
    if (sentence !== difference) warn(sentence);
    difference = sentence;
    freshFor = -1;
    epochs.clear();
    return unavailable(new Error(sentence));
  }

  async function check(version?: string): Promise<void> {
    const latest =
      version ?? (await readCampaigns(postgres, campaignId))[0]?.version;
    const edited = latest !== seen;
    const { date, after } = clock.today();
    const isKnown = epochs.has(date) && epochs.has(after);
    const stepped = clock.steps() !== steps;
    if (
      !isFresh() ||
      edited ||
      !isKnown ||
      stepped ||
      days.isPending(date) ||
      days.isPending(after) ||
      (await isChanged(date))
    ) {
      await reload();
    } else if (clock.now() >= overdueAt) {
      await schedule(seen ?? "");
    }
  }

  /** Whether the data in Redis differ from what this server expects. */
  async function isChanged(date: string): Promise<boolean> {
    const { version, epoch, isSameRedis } = await look(
      redis,
      keys,
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

const uncounted = (row: Row): Row => ({ ...row, unit: "0", day_unit: "0" });
