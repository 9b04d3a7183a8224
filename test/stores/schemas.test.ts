import { readFile } from "node:fs/promises";
import createSql from "postgres";
import t, { type Test } from "tap";
import { ADMIN_TOKEN, adminOf } from "../support/admin-calls.js";
import { post, told } from "../support/post.js";
import { runCommand } from "../support/run-command.js";
import { listing, startProcess } from "../support/server-process.js";
import { setPrizes } from "../support/set-prizes.js";
import { startStores } from "../support/stores.js";
import { ownWorld } from "../support/world.js";

// Two products in one database, each in a schema of its own and on a Redis database of its own, with the rights of
// sql/roles.sql.

t.jobs = 1;
t.setTimeout(300_000);

const PASSWORD = "two-products";
const stores = await startStores();
t.teardown(stores.close);
const cluster = createSql(stores.postgres.url, { max: 1 });
await cluster`create database lucky_draw`;
await cluster.end();

const roles = await readFile(
  new URL("../../sql/roles.sql", import.meta.url),
  "utf8",
);

/** The same database seen through a schema, as a role or as whoever made it. */
function urlOf(schema: string, role?: string): string {
  const url = new URL(stores.postgres.url);
  url.pathname = "/lucky_draw";
  url.searchParams.set("search_path", schema);
  if (role) [url.username, url.password] = [role, PASSWORD];
  return url.href;
}

/** A product: its schema with roles and tables, its prizes, a server. */
async function setUp(t: Test, schema: string, redisDatabase: number) {
  const url = new URL(stores.postgres.url);
  url.pathname = "/lucky_draw";
  const connection = { search_path: schema };
  const first = createSql(url.href, {
    ...{ max: 1, connection, onnotice: () => {} },
  });
  await first.unsafe(`create schema ${schema}`);
  await first.unsafe(roles);
  for (const role of ["lucky_owner", "lucky_server", "lucky_reader"]) {
    await first.unsafe(`alter role ${role} password '${PASSWORD}'`);
  }
  await first.end();
  const owner = { DATABASE_URL: urlOf(schema, "lucky_owner") };
  const migrated = await runCommand("migrate", owner);
  if (migrated.code !== 0) throw new Error(migrated.out + migrated.err);
  const redisUrl = new URL(stores.redis.url);
  redisUrl.pathname = `/${redisDatabase}`;
  const world = ownWorld(t, {
    postgres: { url: urlOf(schema) },
    redis: { url: redisUrl.href },
  });
  const seen = { ...world, databaseUrl: urlOf(schema, "lucky_server") };
  const server = await startProcess(t, seen, { ADMIN_TOKEN });
  await setPrizes(world, [{ id: schema.toUpperCase(), total_quota: 1 }]);
  await listing([server], schema.toUpperCase());
  return { schema, seen, world, server };
}

const spring = await setUp(t, "spring", 1);
const autumn = await setUp(t, "autumn", 2);

for (const { schema, server, world } of [spring, autumn]) {
  t.test(`${schema} draws, redeems and reports its own`, async (t) => {
    const { body } = await post(`${server.url}/draw`, { username: "ann" });
    t.equal(told(body), "won");
    t.equal(body.data?.result?.prize_id, schema.toUpperCase());
    const id = body.data?.result?.id;
    const other = schema === "spring" ? autumn : spring;
    const claim = { id, username: "ann", phone_no: "+85251234567" };
    const strange = await post(`${other.server.url}/redeem`, claim);
    t.equal(strange.status, 404, "another product's win is none");
    const redeemed = await post(`${server.url}/redeem`, claim);
    t.equal(redeemed.status, 200);
    t.equal(
      told((await post(`${server.url}/draw`, { username: "bob" })).body),
      "no_prize",
    );
    const rows = await world.sql`select user_id, prize_id from result`;
    t.same([...rows], [{ user_id: "ann", prize_id: schema.toUpperCase() }]);
    const { data } = await adminOf(server.url)("GET", "/results");
    t.equal(JSON.stringify(data).match(/"user_id":"ann"/g)?.length, 1);
  });
}

t.test("doctor looks at the schema that it is told", async (t) => {
  for (const { schema, seen } of [spring, autumn]) {
    const { code, out, err } = await runCommand("doctor", {
      DATABASE_URL: seen.databaseUrl,
      REDIS_URL: seen.redisUrl,
    });
    t.same([code, err], [0, ""], out);
    t.notMatch(out, /^fail/m, schema);
  }
  // Each product needs a Redis of its own.
  const { code, out } = await runCommand("doctor", {
    DATABASE_URL: spring.seen.databaseUrl,
    REDIS_URL: autumn.seen.redisUrl,
  });
  t.equal(code, 1);
  t.match(out, /^fail.*another database/im);
});

t.test("prizes and their history are each product's own", async (t) => {
  await autumn.world.sql`
    insert into prize (id, title, probability) values ('LEAF', 'a leaf', 0)`;
  await listing([autumn.server], "LEAF");
  await listing([spring.server], "SPRING");
  const ids = await spring.world.sql`select id from prize`;
  t.same([...ids], [{ id: "SPRING" }]);
  const changes = (prize: string) =>
    spring.world.sql`select 1 from prize_change where prize_id = ${prize}`;
  t.equal((await changes("LEAF")).length, 0);
  t.ok((await changes("SPRING")).length > 0);
});
