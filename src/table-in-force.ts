import type { Day } from "./clock.js";
import { unavailable } from "./errors.js";
import { type Keys, keys } from "./keys.js";
import type { Row, Table } from "./prize-table.js";
import type { Redis } from "./redis.js";

/** Seconds after which nobody comes over from the other side of a failover any more. */
const KNOWN_FOR = 3_600;

/**
 * Puts a table in force, unless Redis has a newer one, and raises the counters to what Postgres holds of a day. Answers
 * with the version then in force and the Redis that it is in, by its replication id. Rejects with UNAVAILABLE.
 */
export async function putTable(
  redis: Redis,
  rows: Pick<Row, "id" | "unit" | "day_unit">[],
  table: Table | undefined,
  day: Day,
  isToday: boolean,
  names: Keys = keys,
): Promise<[string, string]> {
  const counted = new Map(rows.map((row) => [row.id, row]));
  const listed = new Map(table?.listing.map((prize) => [prize.id, prize]));
  const lines = [...new Set([...listed.keys(), ...counted.keys()])].flatMap(
    (id) => [
      id,
      listed.get(id)?.odds_to ?? "",
      listed.get(id)?.daily_quota ?? -1,
      listed.get(id)?.total_quota ?? -1,
      // Only together with today's units: a row that came between two reads would part the two counters.
      (isToday && counted.get(id)?.unit) || 0,
      counted.get(id)?.day_unit ?? 0,
    ],
  );
  const listing = JSON.stringify(table?.listing ?? []);
  const version = table?.version ?? "";
  const places = [
    names.prizes,
    names.taken,
    names.takenToday(day.date),
    names.known(day.date),
  ];
  const head = [version, listing, day.expiresAt, KNOWN_FOR];
  const answer = await redis
    .reload(places.length, ...places, ...head, ...lines)
    .catch((error: unknown) => {
      throw unavailable(error);
    });
  return answer as [string, string];
}

/** The table in force, with the quotas as they were put. Rejects with UNAVAILABLE. */
export async function readTable(redis: Redis): Promise<Table | undefined> {
  const [version, listing] = await redis
    .hmget(keys.prizes, "version", "listing")
    .catch((error: unknown) => {
      throw unavailable(error);
    });
  return version && listing
    ? { version, listing: JSON.parse(listing) }
    : undefined;
}
