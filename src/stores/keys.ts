import { crc32 } from "node:zlib";

/** One hash tag keeps all keys in one slot, so that one script may touch them all, in a Redis Cluster too. */
export const TAG = "{lucky-draw}:";

/** The last of a day's 65,536 buckets, which keep a million participants at 15 a bucket and ten million within Redis's 512 of a listpack. */
const LAST_BUCKET = 0xffff;

const keysOf = (tag: string) => ({
  /** hash: version, listing (JSON), odds (packed for draw.lua); identity, time_zone, time_zone_until, revision: whose data these are */
  prizes: `${tag}prizes`,
  /** hash: prize id → units taken ever, `@draws` → draws decided */
  taken: `${tag}taken`,
  /**
   * hash: prize id → units taken on that day, `@draws` → draws decided, `@epoch` → name of the day's data since they were
   * last made whole, `@lineage` → the Redis that had them, `@restorer` → the server that restores winners, and
   * `@s:` with a server's name → batches it wrote; expires
   */
  takenToday: (date: string) => `${tag}taken:${date}`,
  /** stream: field `wins` → the wins of a batch, of which some are not in Postgres yet or not told */
  outbox: `${tag}outbox`,
  /**
   * hash of marks: user id → `@` and the date of a win whose row is written and whose winner was not told, or the
   * outbox entry of a win of an earlier day
   */
  pending: `${tag}pending`,
  /** hash: user id → l(ost) or w(on), the attempt and, of a win, the outbox entry; one bucket of a day's participants; expires */
  players: (date: string, userId: string) =>
    `${tag}players:${date}:${(crc32(userId) & LAST_BUCKET).toString(16)}`,
});

export type Keys = ReturnType<typeof keysOf>;

/** Every Redis key of the product is spelled here. */
export const keys = {
  ...keysOf(TAG),
  /** begins of counters: requests of the last minute, by address and by user id; expire */
  addressRequests: `${TAG}requests:address:`,
  userRequests: `${TAG}requests:user:`,
  /** stream: an entry a minute, by its number since the epoch → draws and wins ever, at its begin; expires */
  minutes: `${TAG}minutes`,
  /** hash and stream on which probe.lua tries what the other scripts do; expire */
  scratch: `${TAG}probe`,
  scratchStream: `${TAG}probe:stream`,
};

/** Keys of the same kinds that no real draw touches. */
export const simulationKeys = (name: string): Keys =>
  keysOf(`${TAG}simulation:${name}:`);
