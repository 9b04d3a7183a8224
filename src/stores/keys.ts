import { crc32 } from "node:zlib";

/** The campaign of whoever names none. */
export const DEFAULT_CAMPAIGN = "default";

/** One hash tag keeps all keys of a campaign, or of a shard of it, in one slot, so that one script may touch them all, in a Redis Cluster too. */
function tagOf(campaign: string, shard?: number): string {
  if (shard !== undefined) return `{lucky-draw:${campaign}:${shard}}:`;
  return campaign === DEFAULT_CAMPAIGN
    ? "{lucky-draw}:"
    : `{lucky-draw:${campaign}}:`;
}

const TAG = tagOf(DEFAULT_CAMPAIGN);

/** The keys of all campaigns, as a pattern of SCAN. */
export const ALL_KEYS = "{lucky-draw[}:]*";

/** The last of 65,536 buckets, which keep a million participants at 15 a bucket and ten million within Redis's 512 of a listpack. */
const LAST_BUCKET = 0xffff;

const bucketOf = (userId: string) => (crc32(userId) & LAST_BUCKET).toString(16);

const keysUnder = (tag: string) => ({
  /** hash: version, listing (JSON), odds (packed for draw.lua, with the campaign's rules); identity, time_zone, time_zone_until, revision: whose data these are */
  prizes: `${tag}prizes`,
  /**
   * hash: prize id → units taken ever, `@draws` → draws decided, and where there are several shards, or numbers that came to
   * nothing: `@r:` with a prize id → numbers that can be taken, `@rights` → their name, `@lineage`, `@c:` → numbers cut for another shard, `@n:` → how often numbers came back; `@told` → the day in whose log a line says what is counted here
   */
  taken: `${tag}taken`,
  /**
   * hash: prize id → units taken on that day, `@draws` → draws decided, `@epoch` → name of the day's data since they were
   * last made whole, `@lineage` → the Redis that had them, `@counting` where wins are limited and counted, `@restorer` → the server that restores winners, `@filled` → the name of the data whose gaps were filled, where the day has a log
   * `@log` → the number of its next line, `-` or `closed`, `@log_of` → the name of the data in which it goes on, `@kept` → the number after the last line that Postgres has, `@beacon`, `@line:` with a line that must come once, and
   * `@s:` with a server's name → batches it wrote; expires
   */
  takenToday: (date: string) => `${tag}taken:${date}`,
  /** stream: field `wins` → the wins of a batch, of which some are not in Postgres yet or not told */
  outbox: `${tag}outbox`,
  /**
   * hash of marks: user id → `@` and the date of a win whose row is written and whose winner was not told, or the
   * outbox entry of a win of an earlier day; with / and its number where it is not the first draw of its day; comma-separated
   */
  pending: `${tag}pending`,
  /** hash: user id → l(ost) or w(on), the attempt and, of a win, the outbox entry, comma-separated where there are several draws a day; one bucket of a day's participants; expires */
  players: (date: string, userId: string) =>
    `${tag}players:${date}:${bucketOf(userId)}`,
  /** hash, where wins are limited: user id → wins in the campaign; one bucket of its winners */
  winsEver: (userId: string) => `${tag}wins:${bucketOf(userId)}`,
  /** zset: prize id, a slash and the id of a winning moment → when it is due, in milliseconds; infinite where it is claimed */
  moments: `${tag}moments`,
  /** stream: field `lines` → lines of a day's log that may not be in Postgres yet; an entry's id is the number after its last line */
  log: (date: string) => `${tag}log:${date}`,
  /** stream: an entry a minute, by its number since the epoch → draws and wins ever, at its begin; expires */
  minutes: `${tag}minutes`,
});

export type Keys = ReturnType<typeof keysUnder>;

/** The keys of a campaign, or of one of its shards where it has several. */
export const keysOf = (campaign: string, shard?: number): Keys =>
  keysUnder(tagOf(campaign, shard));

/** The keys of all shards of a campaign, or its only ones. */
export const shardsOf = (campaign: { id: string; shards: number }): Keys[] =>
  campaign.shards === 1
    ? [keysOf(campaign.id)]
    : Array.from({ length: campaign.shards }, (_, n) => keysOf(campaign.id, n));

/** Every Redis key of the product is spelled here: those of the campaign `default`, and those of none. */
export const keys = {
  ...keysUnder(TAG),
  /** begins of counters: requests of the last minute, by address and by user id; expire */
  addressRequests: `${TAG}requests:address:`,
  userRequests: `${TAG}requests:user:`,
  /** hash, stream and zset on which probe.lua tries what the other scripts do; expire */
  scratch: `${TAG}probe`,
  scratchStream: `${TAG}probe:stream`,
  scratchSet: `${TAG}probe:set`,
};

/** Keys of the same kinds that no real draw touches. */
export const simulationKeys = (name: string): Keys =>
  keysUnder(`${TAG}simulation:${name}:`);
