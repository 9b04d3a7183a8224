import type { Day } from "../clock.js";
import { unavailable } from "../errors.js";
import type { Keys } from "../stores/keys.js";
import type { Redis } from "../stores/redis.js";
import type { Epoch } from "./epoch.js";
import type { Row, Table } from "./table.js";

/** The form of the data that the scripts keep in Redis. Servers with different revisions must not share a Redis. */
export const REVISION = "1";

/** What servers that share a Redis must agree on. */
export type Agreed = {
  /** of the product, a UUID from Postgres */
  identity: string;
  /** TIME_ZONE, or empty where the campaign has a zone of its own: then every server reads the same */
  timeZone: string;
};

/** What a server knows of a day's data in Redis. */
export type Known = {
  /** the name to use if data were lost */
  next: Epoch;
  /** the name of data known to be incomplete */
  lost?: Epoch | undefined;
  /** the name of data whose winners are all restored */
  restored?: Epoch | undefined;
};

/**
 * The version in force, empty where there is none, the epoch of the day's data, and the name of the numbers that a shard holds ever,
 * with a ? until they are installed; empty where there is one shard.
 */
export type InForce = { version: string; epoch: Epoch; rights: string };

/** The data in Redis belong to another product, or to servers with other settings. */
export type Differs = {
  differs: "identity" | "time_zone" | "revision";
  theirs: string;
};

/**
 * Puts a table in force, unless Redis has a newer one, and raises the counters to what Postgres holds of a day. `now` is in
 * milliseconds. Rejects with UNAVAILABLE.
 */
export async function putTable(
  redis: Redis,
  names: Keys,
  put: {
    rows: Pick<Row, "id" | "unit" | "day_unit">[];
    table: Table | undefined;
    day: Day;
    isToday: boolean;
    agreed: Agreed;
    known: Known;
    now: number;
    /** of the campaign, as rulesOf says them */
    rules: string;
    /** the table and the rules of a day's log, by day; empty where there are no logs */
    proof?: string;
    /** when a prize's daily quota is released, by day: from and to, in milliseconds */
    windows: (prize: Pick<Row, "release_from" | "release_to">) => Windows;
  },
): Promise<InForce | Differs> {
  const {
    rows,
    table,
    day,
    isToday,
    agreed,
    known,
    now,
    rules,
    proof = "",
  } = put;
  const counted = new Map(rows.map((row) => [row.id, row]));
  const listed = new Map(table?.listing.map((prize) => [prize.id, prize]));
  const windowsOf = (prize?: Table["listing"][0]) =>
    prize?.release_from ? JSON.stringify(put.windows(prize)) : "";
  const lines = [...new Set([...listed.keys(), ...counted.keys()])].flatMap(
    (id) => [
      id,
      listed.get(id)?.odds_to ?? "",
      listed.get(id)?.daily_quota ?? -1,
      listed.get(id)?.total_quota ?? -1,
      // Only together with today's units: a row written between two reads would make the two counters disagree.
      (isToday && counted.get(id)?.unit) || 0,
      counted.get(id)?.day_unit ?? 0,
      listed.get(id)?.fallback ? 1 : 0,
      windowsOf(listed.get(id)),
      listed.get(id)?.has_moments ? 1 : 0,
    ],
  );
  const listing = JSON.stringify(table?.listing ?? []);
  const version = table?.version ?? "";
  const places = [names.prizes, names.taken, names.takenToday(day.date)];
  const { next, lost = "", restored = "" } = known;
  const { identity, timeZone } = agreed;
  const head = [version, listing, day.expiresAt, identity, timeZone, REVISION];
  head.push(Math.floor(now), next, lost, restored, rules, proof);
  const answer = (await redis
    .reload(places.length, ...places, ...head, ...lines)
    .catch((error: unknown) => {
      throw unavailable(error);
    })) as string[];
  const [first = "", second = "", theirs = ""] = answer;
  return first === "differs"
    ? { differs: second as Differs["differs"], theirs }
    : { version: first, epoch: second, rights: theirs };
}

/** Day → from and to, in milliseconds. */
export type Windows = Record<string, [number, number]>;

/** What differs, in a sentence for the operator. */
export function differenceOf(
  { differs, theirs }: Differs,
  timeZone: string,
): string {
  switch (differs) {
    case "identity":
      return `This Redis holds the data of another database (its identity is ${theirs}): give each product a Redis or a database number of its own in REDIS_URL. If this is that database, restored from a backup made before it had an identity, update identity set id = '${theirs}'.`;
    case "time_zone":
      return `TIME_ZONE is ${timeZone}, and servers on this Redis run with ${theirs}: give all of them the same. Once they have stopped for ten seconds, this one's holds.`;
    case "revision":
      return `The data in Redis are of another form (${theirs}, not ${REVISION}): run the version of Lucky Draw that wrote them.`;
  }
}

/** The table in force, with the quotas as they were put. Rejects with UNAVAILABLE. */
export async function readTable(
  redis: Redis,
  keys: Keys,
): Promise<Table | undefined> {
  const [version, listing] = await redis
    .hmget(keys.prizes, "version", "listing")
    .catch((error: unknown) => {
      throw unavailable(error);
    });
  return version && listing
    ? { version, listing: JSON.parse(listing) }
    : undefined;
}
