import t, { type Test } from "tap";
import { keys } from "../../src/stores/keys.js";
import {
  announcements,
  askAgain,
  compare,
  FITTING,
  ONCE,
} from "../support/ask-again.js";
import { createProxy } from "../support/link.js";
import { audit, CLEAN, startLoad } from "../support/load.js";
import { post, told } from "../support/post.js";
import {
  type Replicated,
  startReplicated,
} from "../support/postgres-standby.js";
import { runCommand } from "../support/run-command.js";
import { listing, startProcess } from "../support/server-process.js";
import { setPrizes } from "../support/set-prizes.js";
import { until } from "../support/until.js";
import { createWorld, type World } from "../support/world.js";

// A primary and its hot standby, which gets every commit before it is answered.

t.jobs = 1;

const PRIZES = [
  { id: "SURE", probability: 0.6 },
  { id: "FEW", probability: 0.2, daily_quota: 60, total_quota: 60 },
];

/** A DATABASE_URL of several hosts. */
function severalOf(urls: string[]): string {
  const [first = ""] = urls;
  const { host } = new URL(first);
  const hosts = urls.map((url) => new URL(url).host).join(",");
  return `${first.replace(host, hosts)}?target_session_attrs=read-write`;
}

/** What came of the pair before does not matter: each test has a Redis and tables of its own. */
async function createShared(t: Test, pair: Replicated): Promise<World> {
  const { sql, url } = pair.primary;
  await sql`drop schema public cascade`;
  await sql`create schema public`;
  return { ...(await createWorld(t)), databaseUrl: url, sql };
}

/** Waits until so many more were told a win. */
async function won({ journal }: ReturnType<typeof startLoad>, more: number) {
  const from = journal.length;
  await until(`${more} wins`, async () => {
    const wins = journal.slice(from).filter(({ what }) => what === "won");
    if (wins.length < more) throw new Error(`${wins.length}`);
  });
}

const pair = await startReplicated(t);

t.test("a standby that is named first is passed by", async (t) => {
  const shared = await createShared(t, pair);
  const databaseUrl = severalOf([pair.standby.url, pair.primary.url]);
  const world = { ...shared, databaseUrl };
  const migrated = await runCommand("migrate", {
    DATABASE_URL: world.databaseUrl,
  });
  t.same([migrated.code, migrated.err], [0, ""], migrated.out);
  const server = await startProcess(t, world);
  await setPrizes(world, [{ id: "SURE" }]);
  await listing([server], "SURE");
  const win = await post(`${server.url}/draw`, { username: "ann" });
  t.equal(told(win.body), "won");
  const settings = {
    DATABASE_URL: world.databaseUrl,
    REDIS_URL: world.redisUrl,
  };
  const doctor = await runCommand("doctor", settings);
  t.equal(doctor.code, 0, doctor.out);
  t.match(doctor.out, /ok {4}Postgres takes a win and its redemption/);
  t.match(doctor.out, /ok {4}Of 2 hosts 127.0.0.1:\d+ takes writes/);
});

t.test("a host that is silent costs no draw", async (t) => {
  const world = await createShared(t, pair);
  const silent = await createProxy(t, pair.primary.url);
  silent.silence();
  const databaseUrl = severalOf([silent.url, pair.primary.url]);
  const server = await startProcess(t, { ...world, databaseUrl });
  await setPrizes(world, [{ id: "SURE" }]);
  await listing([server], "SURE");
  for (const username of ["ann", "bob", "cid"]) {
    await pair.primary
      .sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'lucky-draw'`;
    const win = await post(`${server.url}/draw`, { username });
    t.equal(told(win.body), "won");
  }
});

t.test(
  "links that lead to a standby are given up once others lead to the primary",
  async (t) => {
    const world = await createShared(t, pair);
    const link = await createProxy(t, pair.primary.url);
    const server = await startProcess(t, { ...world, databaseUrl: link.url });
    await setPrizes(world, [{ id: "SURE" }]);
    await listing([server], "SURE");
    link.lead(pair.standby.url);
    const ready = async () =>
      JSON.stringify(await (await fetch(`${server.url}/readyz`)).json());
    await until("a word on it", async () => {
      const told = await ready();
      if (!/a standby/.test(told)) throw new Error(told);
    });
    const refused = await post(`${server.url}/draw`, { username: "ann" });
    t.equal(refused.status, 503);
    link.divert(pair.primary.url);
    await until("no link to the standby", async () => {
      await ready();
      const left = await pair.standby
        .sql`select from pg_stat_activity where application_name = 'lucky-draw'`;
      if (left.count > 0) throw new Error(`${left.count} left`);
    });
    await until("a win", async () => {
      const answer = await post(`${server.url}/draw`, { username: "ann" });
      if (told(answer.body) !== "won") throw new Error(String(answer.status));
    });
  },
);

// The last: it leaves no primary.
t.test(
  "the primary is killed and its standby promoted: no restart, no answered win lost",
  async (t) => {
    const shared = await createShared(t, pair);
    const databaseUrl = severalOf([pair.primary.url, pair.standby.url]);
    const world = { ...shared, databaseUrl };
    const start = () => startProcess(t, world);
    const servers = await Promise.all([start(), start()]);
    await setPrizes(world, PRIZES);
    await listing(servers, "FEW");
    const urls = servers.map(({ url }) => url);
    const load = startLoad(urls, 8);
    t.teardown(load.stop);
    await won(load, 50);
    await pair.primary.kill();
    const killed = load.journal.length;
    await until("a refusal", async () => {
      const late = load.journal.slice(killed);
      if (!late.some(({ status }) => status === 503)) throw new Error("none");
    });
    const doctor = await runCommand("doctor", {
      DATABASE_URL: world.databaseUrl,
      REDIS_URL: world.redisUrl,
    });
    t.equal(doctor.code, 1);
    t.match(
      doctor.out,
      /fail {2}Postgres can't be reached: None of its hosts takes writes now/,
    );
    await pair.promote();
    await won(load, 50);
    await pair.revive();
    // The servers look for their host anew, and one that starts has seen none yet.
    await pair.standby
      .sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'lucky-draw'`;
    const late = await start();
    await listing([late], "FEW");
    const lateLoad = startLoad([late.url], 2, () => ({}), "late");
    t.teardown(lateLoad.stop);
    await won(lateLoad, 10);
    await won(load, 50);
    const journal = [...(await load.stop()), ...(await lateLoad.stop())];
    const statuses = new Set(journal.map(({ status }) => status));
    t.same([...statuses].sort(), [200, 503]);

    const after = { ...world, sql: pair.standby.sql };
    const again = await askAgain(urls, journal);
    await until("an empty outbox", async () => {
      const left = await world.redis.xlen(keys.outbox);
      if (left > 0) throw new Error(`${left} left`);
    });
    t.same(compare(journal, again).wrong, FITTING);
    const answers = [...journal, ...again];
    t.same(await audit(after, answers), CLEAN);
    t.same(await announcements(after, answers), ONCE);
  },
);
