import { execFile } from "node:child_process";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import t from "tap";
import { parse } from "yaml";
import { shared } from "../../src/http/shared.js";
import { keys } from "../../src/stores/keys.js";
import { createProxy } from "../support/link.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { startStores } from "../support/stores.js";
import { until } from "../support/until.js";
import { createWorld, ownWorld } from "../support/world.js";

// Ready means that a draw could be decided and kept now.

t.jobs = 1;

const readiness = async (url: string) => {
  const answer = await fetch(`${url}/readyz`);
  const body = (await answer.json()) as { ready: boolean; problems: string[] };
  return { status: answer.status, ...body };
};

t.test("what makes Redis refuse every draw makes it not ready", async (t) => {
  const stores = await startStores("embedded");
  t.teardown(() => stores.close());
  const world = ownWorld(t, stores);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "A" }], server);
  const { redis } = world;
  const other = redis.duplicate();
  t.teardown(() => other.disconnect());
  const [, folder] = (await redis.config("GET", "dir")) as [string, string];
  const dump = join(folder, "dump.rdb");
  t.same(await readiness(server.url), {
    status: 200,
    ready: true,
    problems: [],
  });
  const set = (name: string, value: string) => redis.config("SET", name, value);
  const acl = (...rules: string[]) =>
    redis.call("ACL", "SETUSER", "default", ...rules);
  const troubles: [string, RegExp, () => unknown, () => unknown][] = [
    [
      "too few replicas",
      /min-replicas-to-write/,
      () => set("min-replicas-to-write", "1"),
      () => set("min-replicas-to-write", "0"),
    ],
    [
      "out of memory",
      /out of memory/,
      () => set("maxmemory", "1"),
      () => set("maxmemory", "0"),
    ],
    [
      "a replica",
      /is a replica/,
      () => redis.replicaof("127.0.0.1", "1"),
      () => redis.replicaof("NO", "ONE"),
    ],
    [
      "snapshots that fail",
      /can't save/,
      async () => {
        await rm(dump, { force: true });
        await mkdir(join(dump, "in its place"), { recursive: true });
        await set("save", "3600 1000000");
        await redis.bgsave();
        await until("the snapshot fails", async () => {
          const info = await redis.info("persistence");
          if (!info.includes("rdb_last_bgsave_status:err")) throw new Error();
        });
      },
      async () => {
        await set("save", "");
        await rm(dump, { recursive: true });
      },
    ],
    [
      "a script without end",
      /SCRIPT KILL/,
      async () => {
        await set("busy-reply-threshold", "1");
        other.eval("while true do end", 0).catch(() => {});
        await until("it keeps Redis busy", async () => {
          const said = await redis.ping().catch((error) => error.message);
          if (!said.startsWith("BUSY")) throw new Error(said);
        });
      },
      async () => {
        await redis.script("KILL");
        await until("it is over", () => redis.ping());
      },
    ],
    [
      "a key of another's",
      /holds something else/,
      () => redis.multi().del(keys.outbox).set(keys.outbox, "theirs").exec(),
      () => redis.del(keys.outbox),
    ],
    [
      "a key that is forbidden",
      /forbids/,
      () => acl("resetkeys", `~${keys.scratch}*`, `~${keys.prizes}`),
      () => acl("allkeys"),
    ],
    ...["xadd", "hset", "evalsha", "expireat"].map(
      (command) =>
        [
          `${command} forbidden`,
          /forbids|lacks/,
          () => acl(`-${command}`, ...(command === "evalsha" ? ["-eval"] : [])),
          () => acl("+@all"),
        ] as [string, RegExp, () => unknown, () => unknown],
    ),
  ];
  for (const [what, sentence, begin, end] of troubles) {
    await begin();
    const { status, problems } = await readiness(server.url);
    t.equal(status, 503, what);
    t.match(problems.join("\n"), sentence, what);
    t.equal((await server.draw(`during ${what}`)).status, 503, what);
    await end();
    await until(`ready again after ${what}`, async () => {
      await server.scheduler.tick();
      const again = await readiness(server.url);
      if (again.status !== 200) throw new Error(again.problems.join());
    });
  }
});

const REDEEM =
  "redeem_results(uuid[], text[], text[], float8[], date, text[], date[])";

t.test(
  "what keeps Postgres from taking a win makes it not ready",
  async (t) => {
    const world = await createWorld(t);
    const name = new URL(world.databaseUrl).pathname.slice(1);
    const role = `role_${name}`;
    await world.sql.unsafe(`create role ${role} login password 'test'`);
    t.teardown(async () => {
      await world.sql.unsafe(`drop owned by ${role}; drop role ${role}`);
    });
    const owner = await startServer(t, world);
    await setPrizes(world, [{ id: "A" }], owner);
    const grant = `grant select on all tables in schema public to ${role};
    grant insert, update on result, prize to ${role}`;
    await world.sql.unsafe(grant);
    const url = new URL(world.databaseUrl);
    url.username = role;
    url.password = "test";
    const server = await startServer(t, { ...world, databaseUrl: url.href });
    t.equal((await readiness(server.url)).status, 200);
    for (const [what, sentence, begin, end] of [
      [
        "no INSERT",
        /may not write/,
        `revoke insert on result from ${role}`,
        grant,
      ],
      [
        "no UPDATE",
        /may not write/,
        `revoke update on result from ${role}`,
        grant,
      ],
      [
        "no lock",
        /may not write/,
        `revoke update on prize from ${role}`,
        grant,
      ],
      [
        "no redemption",
        /may not write/,
        `revoke execute on function ${REDEEM} from public`,
        `grant execute on function ${REDEEM} to public`,
      ],
    ] as const) {
      await world.sql.unsafe(begin);
      await until(`${what} is told`, async () => {
        const { status, problems } = await readiness(server.url);
        if (status !== 503) throw new Error("ready");
        if (!sentence.test(problems.join())) throw new Error(problems.join());
      });
      await world.sql.unsafe(end);
      await until(`ready again after ${what}`, async () => {
        const again = await readiness(server.url);
        if (again.status !== 200) throw new Error(again.problems.join());
      });
    }
  },
);

t.test("whoever asks during a run shares it", async (t) => {
  const ends: ((n: number) => void)[] = [];
  const ask = shared(() => new Promise<number>((end) => ends.push(end)));
  const first = [ask(), ask()];
  await new Promise(setImmediate);
  first.push(ask());
  t.equal(ends.length, 1);
  ends[0]?.(1);
  t.same(await Promise.all(first), [1, 1, 1]);
  const second = ask();
  t.equal(ends.length, 2, "a later one looks anew");
  ends[1]?.(2);
  t.equal(await second, 2);
});

t.test("while a store is silent, answers have their shape", async (t) => {
  const world = await createWorld(t);
  for (const store of ["redisUrl", "databaseUrl"] as const) {
    const proxy = await createProxy(t, world[store]);
    // Every answer is compared with the OpenAPI document.
    const server = await startServer(
      t,
      {
        ...world,
        [store]: proxy.url,
      },
      { settings: { METRICS: "on" } },
    );
    await setPrizes(world, [{ id: store }], server);
    proxy.silence();
    // Some of them begin while others wait.
    const asking = Array.from({ length: 20 }, async (_, n) => {
      await new Promise((resolve) => setTimeout(resolve, n * 150));
      const scrape = await fetch(`${server.url}/metrics`);
      const text = await scrape.text();
      t.equal(scrape.status, 200, text);
      const name = store === "redisUrl" ? "redis" : "postgres";
      t.match(text, `lucky_draw_up{store="${name}"} 0`);
      if (store === "redisUrl") t.notMatch(text, /^lucky_draw_outbox_.* \d/m);
      return readiness(server.url);
    });
    for (const { status, ready, problems } of await Promise.all(asking)) {
      t.equal(status, 503);
      t.equal(ready, false);
      t.ok(problems.length > 0);
    }
    await server.close();
  }
});

t.test("each alert has a test that it fires", async (t) => {
  const read = (name: string) =>
    readFile(new URL(`../../src/observe/${name}`, import.meta.url), "utf8");
  const { groups } = parse(await read("alerts.yml"));
  const tests = await read("alerts.test.yml");
  const names = groups.flatMap((group: { rules: { alert: string }[] }) =>
    group.rules.map(({ alert }) => alert),
  );
  t.ok(names.length > 10);
  for (const name of names) {
    t.match(tests, `alertname="${name}"}', value: 1 }`, name);
  }
});

t.test("promtool agrees with the alert rules and their tests", async (t) => {
  const file = (name: string) =>
    fileURLToPath(new URL(`../../src/observe/${name}`, import.meta.url));
  const run = promisify(execFile);
  const check = await run("promtool", ["check", "rules", file("alerts.yml")]);
  t.match(check.stdout, /SUCCESS/);
  const test = await run("promtool", [
    "test",
    "rules",
    file("alerts.test.yml"),
  ]);
  t.match(test.stdout, /SUCCESS/);
});
