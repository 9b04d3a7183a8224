import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import t from "tap";
import { secretsOf, signingSeed } from "../../src/proof/notes/secrets.js";
import { ADMIN_TOKEN, ANY, adminOf } from "../support/admin-calls.js";
import { folder, started } from "../support/npm-start.js";
import { runCommand } from "../support/run-command.js";
import { startProcess } from "../support/server-process.js";
import { setCampaign } from "../support/set-campaign.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";

// PROOF_KEY: what follows from it, and that nothing starts without it where it is needed.

const KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

t.test("what follows from it", async (t) => {
  // By `printf 'lucky-draw/v1/seed\nxmas\n2026-12-01' | openssl dgst -sha256 -mac HMAC -macopt hexkey:$KEY`.
  const { seed, names_key } = secretsOf(KEY, "xmas", "2026-12-01");
  t.equal(
    seed.toString("hex"),
    "6dfe6ebd8877f182778180182a6d1c144d19bf817912633a0426dd6a2eb067f1",
  );
  t.equal(
    names_key.toString("hex"),
    "e1e7d7d0683c02c74ea3a043044aed1c67da9200fec3004d529891a7a0d0d6bc",
  );
  t.equal(
    signingSeed(KEY).toString("hex"),
    "c8643ddabf7bf877f2382a1adf207a96bbb40c575d683771198ae7a96231482b",
  );
});

t.test("no start without it where draws can be checked", async (t) => {
  const world = await createWorld(t);
  const first = await startServer(t, world);
  await setCampaign(world, { id: "open", verifiable: true }, [], first);
  const sentence =
    /PROOF_KEY: must be set, since anybody can check the draws of open: openssl/;
  for (const WORKERS of ["1", "2"]) {
    await t.rejects(startProcess(t, world, { WORKERS }), { message: sentence });
  }
  const keyed = await startProcess(t, world, { PROOF_KEY: KEY });
  t.equal(await keyed.end("SIGTERM"), 0);
  const { sql } = world;
  await sql`update campaign set ends_at = now() - interval '1 second' where id = 'open'`;
  const ended = await startProcess(t, world);
  t.equal(await ended.end("SIGTERM"), 0, "it has ended");
  await sql`update campaign set ends_at = null, verifiable = false where id = 'open'`;
  await sql`
    insert into proof_day (campaign_id, draw_date, seal, ends_at, shards, key_text)
    values ('open', '2099-12-01', '{}', '2099-12-02', 1, '')`;
  await t.rejects(startProcess(t, world), { message: sentence }, "sealed");
});

t.test("doctor looks for it, and whose seals there are", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await server.scheduler.tick();
  const doctor = async (PROOF_KEY = "") => {
    const { databaseUrl: DATABASE_URL, redisUrl: REDIS_URL } = world;
    return runCommand("doctor", { DATABASE_URL, REDIS_URL, PROOF_KEY });
  };
  t.notMatch((await doctor()).out, /check/);
  await setCampaign(world, { id: "open", verifiable: true }, [], server);
  const keyless = await doctor();
  t.equal(keyless.code, 1);
  t.match(keyless.out, /^fail {2}Anybody can check the draws of open, and/m);
  const seed_hash =
    "37224132f8a42ed03f4232ed1fc12ef7cf7b70386ab201b62c2553f00ef54487";
  await world.sql`
    insert into proof_day (campaign_id, draw_date, seal, ends_at, shards, key_text)
    values ('open', '2026-01-01', ${`${JSON.stringify({ seed_hash })}\n`}, '2026-01-02', 1, '')`;
  const late = await doctor(KEY);
  t.match(late.out, /^ok {4}Anybody can check the draws of open\./m);
  t.match(late.out, /^warn {2}The day 2026-01-01 of open is over for \d+ h/m);
  const other = await doctor("0a".repeat(32));
  t.equal(other.code, 1);
  t.match(
    other.out,
    /^fail {2}The day 2026-01-01 of open was sealed with anot/m,
  );
  t.notMatch(
    (await doctor(`${"0a".repeat(32)},${KEY}`)).out,
    /was sealed with/,
  );
});

t.test(
  "the embedded pair makes one, once, and keeps it to itself",
  async (t) => {
    const cwd = await folder(t);
    const path = join(cwd, ".data", "proof-key");
    const settings = { ADMIN_TOKEN, WORKERS: "2" };
    const first = await started(t, cwd, settings);
    const key = await readFile(path, "utf8");
    t.match(key, /^[\da-f]{64}\n$/);
    t.equal((await stat(path)).mode & 0o777, 0o600);
    const verifiable = { verifiable: true };
    const answer = await adminOf(first.url)(
      ...(["PATCH", "/campaigns/default", verifiable, ANY] as const),
    );
    t.equal(answer.status, 200, "its workers have it");
    const args = ["set", "default", "--verifiable", "true"];
    const told = await runCommand("campaigns", {}, { args, cwd });
    t.equal(told.out, "default: saved.\n");
    t.equal(await first.end("SIGTERM"), 0);

    const second = await started(t, cwd, { ADMIN_TOKEN });
    t.not(second.url, "", second.said());
    t.equal(await readFile(path, "utf8"), key);
    t.equal(await second.end("SIGTERM"), 0);

    await writeFile(path, "");
    const third = await started(t, cwd);
    t.match(
      third.said(),
      /proof-key must have 64 hex digits.*bring back a copy/,
    );
  },
);
