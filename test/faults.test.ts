import { setTimeout as pause } from "node:timers/promises";
import t, { type Test } from "tap";
import { keys } from "../src/stores/keys.js";
import { holdResults } from "./support/hold-results.js";
import { createProxy } from "./support/link.js";
import { audit, CLEAN, startLoad } from "./support/load.js";
import { post, told } from "./support/post.js";
import { listing, startProcess } from "./support/server-process.js";
import { setPrizes } from "./support/set-prizes.js";
import { bound } from "./support/slowdown.js";
import { startStores } from "./support/stores.js";
import { until } from "./support/until.js";
import { ownWorld, type World } from "./support/world.js";

// This file stops and empties stores, so it has a pair of its own.
const stores = await startStores();
t.teardown(() => stores.close());
t.jobs = 1;

const PRIZES = [
  { id: "SURE", probability: 0.5 },
  { id: "FEW", probability: 0.3, daily_quota: 100, total_quota: 150 },
];

/** Two servers on the file's stores, emptied. */
async function setUp(t: Parameters<typeof startProcess>[0], prizes = PRIZES) {
  const world = ownWorld(t, stores);
  await until("Redis", () => world.redis.flushall());
  await world.sql`drop schema public cascade`;
  await world.sql`create schema public`;
  const servers = await Promise.all([
    startProcess(t, world),
    startProcess(t, world),
  ]);
  await setPrizes(world, prizes);
  await listing(servers, prizes.at(-1)?.id ?? "");
  const urls = servers.map((server) => server.url);
  const draw = (username: string, n = 0) =>
    post(`${urls[n]}/draw`, { username });
  return { world, servers, urls, draw };
}

const emptied = ({ redis }: World) =>
  until(
    "an empty outbox",
    async () => {
      if ((await redis.xlen(keys.outbox)) > 0) throw new Error("not yet");
    },
    20_000,
  );

/** Ends a load behind a fault: nothing broke, and everybody had an answer within two seconds, whatever it was. */
async function auditedJournal(
  t: Test,
  world: World,
  load: ReturnType<typeof startLoad>,
) {
  const journal = await load.stop();
  await emptied(world);
  t.same(await audit(world, journal), CLEAN);
  const slowest = Math.max(...journal.map((entry) => entry.took));
  t.comment(
    `${journal.length} requests, slowest answer ${Math.round(slowest)} ms`,
  );
  t.ok(slowest < bound(2_000), "an answer within two seconds");
  return journal;
}

t.test("SCRIPT FLUSH under load changes nothing", async (t) => {
  const { world, urls } = await setUp(t);
  const load = startLoad(urls);
  for (let n = 0; n < 5; n += 1) {
    await pause(200);
    await world.redis.script("FLUSH");
  }
  const journal = await load.stop();
  t.same(
    journal.filter((entry) => entry.status !== 200),
    [],
  );
  t.same(await audit(world, journal), CLEAN);
});

t.test(
  "FLUSHALL under load: nothing oversold, no winner draws again",
  async (t) => {
    const { world, urls, draw } = await setUp(t, [
      { id: "FEW", probability: 0.3, daily_quota: 100, total_quota: 150 },
    ]);
    const load = startLoad(urls);
    for (let n = 0; n < 4; n += 1) {
      await pause(300);
      await world.redis.flushall();
    }
    const won = () => load.journal.filter((entry) => entry.what === "won");
    await until("50 wins", async () => {
      if (won().length < 50) throw new Error(`${won().length}`);
    });
    const journal = await load.stop();
    await emptied(world);
    t.same(await audit(world, journal), CLEAN);
    for (const { username, id } of won().slice(0, 50)) {
      const { body } = await draw(username);
      t.ok(
        ["won", "participated"].includes(told(body)),
        "a winner does not draw again",
      );
      if (told(body) === "won")
        t.equal(body.data?.result?.id, id, "but may be told again");
    }
    t.same(await audit(world, journal), CLEAN);
  },
);

t.test(
  "Redis restarts with its append-only file: nobody draws twice",
  async (t) => {
    const { world, servers, draw } = await setUp(t);
    const users = Array.from({ length: 40 }, (_, n) => `user ${n}`);
    const first = new Map<string, string>();
    for (const user of users) first.set(user, told((await draw(user)).body));
    await until("the deliveries", async () => {
      if ((await world.redis.xlen(keys.outbox)) > 0) throw new Error("not yet");
    });
    await stores.redis.stop();
    await stores.redis.start();
    await listing(servers, "FEW");
    for (const user of users) {
      const again = await until("an answer", async () => {
        const answer = await draw(user, 1);
        if (answer.status !== 200) throw new Error(`${answer.status}`);
        return answer;
      });
      t.equal(
        told(again.body),
        "participated",
        `${user}, ${first.get(user)} before`,
      );
    }
    const [row] = await world.sql`select count(*)::int as n from result`;
    t.equal(
      row?.n,
      [...first.values()].filter((what) => what === "won").length,
    );
  },
);

const FAULTS = {
  "Redis stopped": {
    stop: () => stores.redis.stop(),
    start: () => stores.redis.start(),
  },
  "Postgres stopped": {
    stop: () => stores.postgres.stop(),
    start: () => stores.postgres.start(),
  },
};

for (const [what, { stop, start }] of Object.entries(FAULTS)) {
  t.test(`${what} for five seconds under load`, async (t) => {
    const { world, urls } = await setUp(t);
    const load = startLoad(urls);
    await pause(500);
    await stop();
    const from = load.now();
    await pause(5_000);
    const until_ = load.now();
    await start();
    const back = load.now();
    await pause(3_000);
    const journal = await auditedJournal(t, world, load);
    t.same(
      journal.filter(({ status }) => status !== 200 && status !== 503),
      [],
    );
    const meanwhile = journal.filter(
      ({ at }) => at > from + 500 && at < until_ - 1500,
    );
    t.ok(meanwhile.length > 0);
    if (what.startsWith("Redis"))
      t.notOk(meanwhile.some(({ status }) => status === 200));
    else
      t.same(
        new Set(
          meanwhile
            .filter(({ status }) => status === 200)
            .map((entry) => entry.what),
        ),
        new Set(["no_prize"]),
        "draws without a prize go on",
      );
    const after = journal.filter(({ at }) => at > back + 1_500);
    t.ok(after.length > 0);
    t.same(
      after.filter(({ status }) => status !== 200),
      [],
      "it recovers unaided",
    );
    // A caller who got a 503 is no worse off than anybody else: a win that was decided is told now.
    const winners = await world.sql<
      { user_id: string; id: string }[]
    >`select user_id, id from result`;
    const idOf = new Map(winners.map((row) => [row.user_id, row.id]));
    const unknown = journal
      .filter(({ status, username }) => status !== 200 && idOf.has(username))
      .slice(0, 100);
    t.comment(`${unknown.length} wins decided behind a 503`);
    for (const { username } of unknown) {
      const { body } = await post(`${urls[0]}/draw`, { username });
      t.equal(
        body.data?.result?.id,
        idOf.get(username),
        "told on the next try",
      );
    }
  });
}

for (const name of ["redis", "postgres"] as const) {
  t.test(`${name} silent behind a half-open link`, async (t) => {
    const { world } = await setUp(t);
    const proxy = await createProxy(t, stores[name].url);
    const url = name === "redis" ? "REDIS_URL" : "DATABASE_URL";
    const server = await startProcess(t, world, { [url]: proxy.url });
    const load = startLoad([server.url]);
    await pause(500);
    proxy.silence();
    const from = load.now();
    await pause(3_000);
    proxy.restore();
    const back = load.now();
    await pause(3_500);
    const journal = await auditedJournal(t, world, load);
    const lost = journal.filter(
      ({ at, took, status }) => at + took > from && at < back && status === 503,
    );
    t.ok(lost.length > 0, "503 while it is silent");
    const after = journal.filter(({ at }) => at > back + 2_500);
    t.ok(after.length > 0);
    t.same(
      after.filter(({ status }) => status !== 200),
      [],
      "it recovers unaided",
    );
  });
}

t.test(
  "a full Redis refuses draws, keeps no win back and recovers by itself",
  async (t) => {
    const { world, draw } = await setUp(t, [{ id: "SURE", probability: 1 }]);
    const release = await holdResults(world);
    const users = Array.from({ length: 20 }, (_, n) => `user ${n}`);
    const blocked = await Promise.all(users.map((user) => draw(user)));
    t.same(
      new Set(blocked.map(({ status }) => status)),
      new Set([503]),
      "Postgres takes no row",
    );
    t.ok((await world.redis.xlen(keys.outbox)) > 0);
    await world.redis.config("SET", "maxmemory", "1mb");
    t.teardown(() => world.redis.config("SET", "maxmemory", "0"));
    await release();
    await emptied(world);
    t.equal((await draw("late")).status, 503, "full");
    await world.redis.config("SET", "maxmemory", "0");
    t.equal(
      told((await draw("late")).body),
      "won",
      "and her draw was not used up",
    );
    const rows = await world.sql<
      { user_id: string; id: string }[]
    >`select user_id, id from result`;
    for (const { user_id, id } of rows) {
      if (user_id !== "late")
        t.equal((await draw(user_id)).body.data?.result?.id, id);
    }
  },
);

t.test("/readyz says which store is away", async (t) => {
  const { urls } = await setUp(t);
  const readyz = async () => {
    const answer = await fetch(`${urls[0]}/readyz`);
    return { status: answer.status, ...((await answer.json()) as object) };
  };
  t.match(await readyz(), { status: 200, ready: true, problems: [] });
  await stores.redis.stop();
  t.match(await readyz(), { status: 503, ready: false, problems: [/Redis/] });
  await stores.redis.start();
  await stores.postgres.stop();
  await until("Redis is back", async () => {
    const now = JSON.stringify(await readyz());
    if (/Redis/.test(now)) throw new Error(now);
  });
  t.match(await readyz(), {
    status: 503,
    ready: false,
    problems: [/Postgres/],
  });
  t.equal((await fetch(`${urls[0]}/healthz`)).status, 200);
  await stores.postgres.start();
  await until("ready again", async () => {
    const now = await readyz();
    if (now.status !== 200) throw new Error(JSON.stringify(now));
  });
});

t.test(
  "a server that starts before its stores comes up with them",
  async (t) => {
    const { world, servers } = await setUp(t);
    for (const server of servers) await server.end("SIGKILL");
    await stores.redis.stop();
    await stores.postgres.stop();
    const server = await startProcess(t, world);
    t.equal(
      (await post(`${server.url}/draw`, { username: "ann" })).status,
      503,
    );
    await stores.redis.start();
    await stores.postgres.start();
    await until("an answer", async () => {
      const { status } = await post(`${server.url}/draw`, { username: "ann" });
      if (status !== 200) throw new Error(`${status}`);
    });
  },
);
