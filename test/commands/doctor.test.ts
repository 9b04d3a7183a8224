import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import t from "tap";
import { examineClocks } from "../../src/commands/doctor/clocks.js";
import type { Finding } from "../../src/commands/doctor/finding.js";
import { startEmbedded } from "../../src/stores/embedded/pair.js";
import { keys } from "../../src/stores/keys.js";
import { migrate } from "../../src/stores/migrate.js";
import { told } from "../support/post.js";
import { runCommand } from "../support/run-command.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { startStores } from "../support/stores.js";
import { home } from "../support/temporary-folder.js";
import { createWorld, ownWorld, type World } from "../support/world.js";

const examine = ({ databaseUrl, redisUrl }: World) =>
  runCommand("doctor", { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl });

const PRIZES = [
  { id: "FEW", probability: 0.25, total_quota: 2 },
  { id: "SURE", probability: 0.5 },
];

t.test("an empty pair of stores, and one in service", async (t) => {
  const world = await createWorld(t);
  const empty = await examine(world);
  t.equal(empty.code, 1);
  t.match(
    empty.out,
    /fail {2}The database lacks 001_prizes\.sql.*\n {6}→ npm run migrate/,
  );

  const server = await startServer(t, world);
  const none = await examine(world);
  t.equal(none.code, 1);
  t.match(
    none.out,
    /fail {2}There are no prizes\.\n {6}→ insert rows into prize/,
  );

  await setPrizes(world, PRIZES, server);
  const good = await examine(world);
  t.same([good.code, good.err], [0, ""], good.out);
  t.match(
    good.out,
    /ok {4}2 of 2 prizes are active; their odds sum to 0\.75, so 25 % of draws win nothing/,
  );
  t.match(good.out, /ok {4}The prize table in force is the one in Postgres/);
});

t.test("prizes, counters and migrations that do not fit", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "SURE" }], server);
  for (const user of ["ann", "bob"])
    t.equal(told((await server.draw(user)).body), "won");
  await server.close();

  await world.redis.hset(keys.taken, "SURE", 1);
  await world.sql`update prize set total_quota = 1`;
  await world.sql`insert into migration (name) values ('999_of_tomorrow.sql')`;
  const behind = await examine(world);
  t.equal(behind.code, 0, "none of these keeps it from serving");
  t.match(behind.out, /warn {2}Redis counts 1 units of SURE, Postgres has 2/);
  t.match(behind.out, /warn {2}SURE is at unit 2, beyond its total_quota of 1/);
  t.match(behind.out, /warn {2}.*a newer version: 999_of_tomorrow\.sql/);
  t.match(behind.out, /warn {2}The prize table in force is older/);

  await world.sql`update campaign_version set version = 1`;
  t.match(
    (await examine(world)).out,
    /warn {2}The prize table in force is newer .*\n {6}→ update prize set active/,
  );

  await world.sql`insert into prize (id, title, probability) values ('MORE', 'More', 0.5)`;
  const odd = await examine(world);
  t.equal(odd.code, 1);
  t.match(
    odd.out,
    /fail {2}The probabilities of the active prizes sum to 1\.5, more than 1/,
  );
});

t.test("wins that wait", async (t) => {
  const world = await createWorld(t);
  await migrate(world.databaseUrl, true);
  await world.redis.xadd(keys.outbox, `${Date.now() - 60_000}-0`, "wins", "");
  const { code, out } = await examine(world);
  t.equal(code, 0);
  t.match(
    out,
    /warn {2}The outbox holds 1 batch of wins, the oldest for (59|6\d) s/,
  );
  t.match(out, /warn {2}No prize table is in force/);
});

t.test(
  "a Redis that is set up wrongly, and stores that are away",
  async (t) => {
    const stores = await startStores();
    t.teardown(stores.close);
    const world = ownWorld(t, stores);
    await migrate(world.databaseUrl, true);
    const set = (name: string, value: string) =>
      world.redis.config("SET", name, value);
    await set("appendfsync", "no");
    t.match((await examine(world)).out, /warn {2}.*appendfsync no/);
    await set("appendonly", "no");
    await set("maxmemory-policy", "allkeys-lru");
    const used = /used_memory:(\d+)/.exec(await world.redis.info())?.[1];
    await set("maxmemory", String(Number(used) + 200_000));
    const wrong = await examine(world);
    t.equal(wrong.code, 1);
    t.match(wrong.out, /fail {2}Redis keeps no append-only file/);
    t.match(
      wrong.out,
      /fail {2}A full Redis forgets who has drawn \(maxmemory-policy allkeys-lru\)/,
    );
    t.match(wrong.out, /warn {2}Redis uses \d+ of \d+ MB/);
    await world.redis.replicaof("127.0.0.1", "1");
    t.match((await examine(world)).out, /fail {2}This Redis is a replica/);

    const locked = new URL(world.databaseUrl);
    locked.password = "wrong";
    const denied = await examine({ ...world, databaseUrl: locked.href });
    t.equal(denied.code, 1);
    t.match(
      denied.out,
      /fail {2}Postgres can't be reached: password authentication failed.*\n {6}→ check user and password/,
    );
    t.notMatch(denied.out, /:wrong@/);

    await Promise.all([stores.redis.stop(), stores.postgres.stop()]);
    const away = await examine(world);
    t.equal(away.code, 1);
    t.match(away.out, /fail {2}Redis can't be reached: connect ECONNREFUSED/);
    t.match(
      away.out,
      /fail {2}Postgres can't be reached: connect ECONNREFUSED/,
    );
  },
);

t.test("clocks that differ", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  const findings: Finding[] = [];
  const say = (finding: Finding) => findings.push(finding);
  const late = () => Date.now() - 90_000;
  await examineClocks(server.redis, server.postgres, say, late);
  const [own, theirs] = findings;
  t.equal(own?.level, "warn");
  t.match(
    own?.sentence,
    /^This machine's clock is (89\.9|90\.\d) s behind Redis's\.$/,
  );
  t.equal(theirs?.level, "ok");
});

t.test("an embedded pair, running and not", async (t) => {
  const cwd = await mkdtemp(join(home(), "embedded-"));
  const none = await runCommand("doctor", {}, { cwd });
  t.equal(none.code, 1);
  t.match(
    none.err,
    /no embedded pair runs in .*\.data: set them, or run npm start/,
  );
  const pair = await startEmbedded(join(cwd, ".data"), (line) =>
    t.comment(line),
  );
  t.teardown(pair.close);
  await migrate(pair.databaseUrl, true);
  const { code, out } = await runCommand("doctor", {}, { cwd });
  t.equal(code, 0, out);
  t.match(
    out,
    /3 of 3 prizes are active; their odds sum to 0\.825, so 17\.5 %/,
  );
  t.notMatch(out, /superuser/);
});
