import { setTimeout as pause } from "node:timers/promises";
import t, { type Test } from "tap";
import { keys } from "../../src/stores/keys.js";
import {
  announcements,
  askAgain,
  compare,
  decided,
  FITTING,
  ONCE,
} from "../support/ask-again.js";
import { inParallel } from "../support/in-parallel.js";
import { createProxy } from "../support/link.js";
import { audit, CLEAN, type Entry, startLoad } from "../support/load.js";
import {
  type Node,
  type Replicated,
  startReplicated,
} from "../support/redis-replica.js";
import { listing, startProcess } from "../support/server-process.js";
import { setPrizes } from "../support/set-prizes.js";
import { until } from "../support/until.js";
import { createWorld, type World } from "../support/world.js";

// A Redis that loses its last second: its replica lagged and takes its place. Rare wins sell out within what is lost,
// few later, and the rest never do.

t.jobs = 1;

const PRIZES = [
  { id: "SURE", probability: 0.4 },
  { id: "FEW", probability: 0.1, daily_quota: 50, total_quota: 100 },
  { id: "RARE", probability: 0.02, daily_quota: 12, total_quota: 12 },
];

const KEY = "my-key";

type Load = ReturnType<typeof startLoad>;

/** Two servers, each with its own link to the primary. */
async function setUp(t: Test) {
  const pair = await startReplicated(t);
  const shared = await createWorld(t);
  const { replica } = pair;
  // What counts in the end is in the Redis that is promoted.
  const world = { ...shared, redisUrl: replica.url, redis: replica.redis };
  const links = [
    await createProxy(t, pair.primary.url),
    await createProxy(t, pair.primary.url),
  ] as const;
  const servers = await Promise.all(
    links.map(({ url }) => startProcess(t, world, { REDIS_URL: url })),
  );
  await setPrizes(world, PRIZES);
  await listing(servers, "RARE");
  const urls = servers.map(({ url }) => url);
  return { world, pair, links, urls };
}

t.test("a replica that lagged a second takes over", async (t) => {
  const { world, pair, links, urls } = await setUp(t);
  const load = startLoad(urls, 12);
  t.teardown(load.stop);
  await answered(load, 100);
  const kept = load.now();
  await pair.lag();
  const lost = Promise.all([pause(1_000), soldOut(pair.primary, "RARE")]);
  const keyed = await drawWithKeys(urls);
  await lost;
  await noteUnits(t, pair);
  const drift = (await taken(pair.primary)) - (await taken(pair.replica));
  t.ok(drift > 0, "the replica lagged");
  await pair.primary.kill();
  // The name leads to the replica while it still refuses writes.
  for (const link of links) link.lead(pair.replica.url);
  await pair.promote();
  await answered(load, 200);
  await soldOut(pair.replica, "FEW");
  const journal = await load.stop();
  const again = await audited(t, world, urls, [...journal, ...keyed]);

  const early = journal.flatMap(({ what, at, took }, n) =>
    what === "no_prize" && at + took < kept ? [again[n]?.what] : [],
  );
  t.ok(early.length > 0);
  const redrawn = early.filter((what) => what !== "participated");
  t.same(redrawn, [], "losers whom the replica knew don't draw again");

  const won = keyed.filter(({ what }) => what === "won");
  t.ok(won.length > 0);
  const ids = won.map(({ id }) => id);
  for (const url of urls) {
    const repeated: unknown[] = [];
    for (const { username } of won) {
      repeated.push((await decided(url, username, KEY)).id);
    }
    t.same(repeated, ids, "a key's win is told any number of times");
  }
});

t.test("split brain: one server stays with the old primary", async (t) => {
  const { world, pair, links, urls } = await setUp(t);
  const load = startLoad(urls, 12);
  t.teardown(load.stop);
  await answered(load, 100);
  await pair.lag();
  await pair.promote();
  links[1].lead(pair.replica.url);
  const common = await taken(pair.replica);
  await pause(3_000);
  await soldOut(pair.primary, "RARE");
  await noteUnits(t, pair);
  for (const node of [pair.primary, pair.replica]) {
    t.ok((await taken(node)) > common, "both sides went on");
  }
  links[0].lead(pair.replica.url);
  await answered(load, 200);
  await soldOut(pair.replica, "FEW");
  const journal = await load.stop();
  await audited(t, world, urls, journal);
});

/** Waits until so many more were told an outcome. */
async function answered({ journal }: Load, more: number): Promise<void> {
  const from = journal.length;
  await until(`${more} answers`, async () => {
    const good = journal.slice(from).filter(({ status }) => status === 200);
    if (good.length < more) throw new Error(`${good.length}`);
  });
}

/** Units taken of a prize. */
const taken = async ({ redis }: Node, prize = "SURE") =>
  Number(await redis.hget(keys.taken, prize));

async function soldOut(node: Node, prize: string): Promise<void> {
  const quota = PRIZES.find(({ id }) => id === prize)?.daily_quota ?? 0;
  const gone = async () => {
    const units = await taken(node, prize);
    if (units < quota) throw new Error(`${units} of ${quota}`);
  };
  await until(`${prize} sold out`, gone, 20_000);
}

/** Draws of users with a key. */
async function drawWithKeys(urls: string[]): Promise<Entry[]> {
  const users = Array.from({ length: 40 }, (_, n) => `keyed ${n}`);
  const entries: Entry[] = [];
  await inParallel(users, 4, async (user) => {
    entries.push(await decided(urls[0] ?? "", user, KEY));
  });
  return entries;
}

async function noteUnits(t: Test, { primary, replica }: Replicated) {
  for (const { id } of PRIZES) {
    const units = [await taken(primary, id), await taken(replica, id)];
    t.comment(`${id}: ${units.join(" units taken, on the replica ")}`);
  }
}

/** Asks everybody once more, and looks at all answers and rows. */
async function audited(
  t: Test,
  world: World,
  urls: string[],
  journal: Entry[],
): Promise<Entry[]> {
  t.same(
    journal.filter(({ status }) => status !== 200 && status !== 503),
    [],
  );
  const again = await askAgain(urls, journal);
  await until("an empty outbox", async () => {
    const left = await world.redis.xlen(keys.outbox);
    if (left > 0) throw new Error(`${left} left`);
  });
  const { wrong, noted } = compare(journal, again);
  for (const [what, count] of Object.entries(noted)) {
    t.comment(`${what.replaceAll("_", " ")}: ${count}`);
  }
  const answers = [...journal, ...again];
  t.same(wrong, FITTING, "second answers fit the first");
  t.same(await audit(world, answers), CLEAN);
  t.same(await announcements(world, answers), ONCE);
  await countLostUnits(t, world);
  return again;
}

/** A unit that Redis counted and nobody won: lost for good, which is the price of never selling one twice. */
async function countLostUnits(t: Test, { sql, redis }: World) {
  const rows = await sql<{ prize_id: string; n: number }[]>`
    select prize_id, count(*)::int as n from result group by prize_id`;
  for (const { prize_id, n } of rows) {
    const units = Number(await redis.hget(keys.taken, prize_id));
    t.comment(`${prize_id}: ${n} won, ${units - n} units lost`);
  }
}
