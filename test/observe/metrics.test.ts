import { readFile } from "node:fs/promises";
import t, { type Test } from "tap";
import { parse } from "yaml";
import { holdResults } from "../support/hold-results.js";
import { createProxy } from "../support/link.js";
import { post, told } from "../support/post.js";
import { type Sample, scrape } from "../support/scrape.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { until } from "../support/until.js";
import { createWorld } from "../support/world.js";

async function setUp(t: Test) {
  const world = await createWorld(t);
  const server = await startServer(t, world, { settings: { METRICS: "on" } });
  return { world, server };
}

t.test("draws, wins and refusals are counted as they were told", async (t) => {
  const { world, server } = await setUp(t);
  await setPrizes(
    world,
    [{ id: "FEW", probability: 1, total_quota: 3, daily_quota: 2 }],
    server,
  );
  const outcomes: string[] = [];
  for (const user of ["ann", "bob", "cas", "ann"]) {
    outcomes.push(told((await server.draw(user)).body));
  }
  t.same(outcomes, ["won", "won", "no_prize", "participated"]);
  t.equal((await server.draw(5)).status, 400);
  t.equal((await fetch(`${server.url}/nowhere/ann`)).status, 404);
  await until("the winners are told", async () => {
    const { value } = await scrape(server.url);
    if (value("lucky_draw_outbox_entries") !== 0) throw new Error("not yet");
  });

  const { value, text, headers } = await scrape(server.url);
  t.match(headers.get("content-type"), /^text\/plain/);
  const draws = (outcome: string) =>
    value("lucky_draw_draws_total", { outcome });
  t.equal(draws("won"), 2);
  t.equal(draws("no_prize"), 1);
  t.equal(draws("participated"), 1);
  t.equal(draws("failed"), 0);

  const drawRoute = { method: "POST", route: "/draw" };
  const answers = (status: string) =>
    value("lucky_draw_http_requests_total", { ...drawRoute, status });
  t.equal(answers("200"), 4);
  t.equal(answers("400"), 1);
  const seconds = value("lucky_draw_http_request_seconds_total", {
    ...drawRoute,
    status: "200",
  });
  t.ok(seconds && seconds > 0 && seconds < 10, `${seconds} s in all`);
  const refused = (reason: string) =>
    value("lucky_draw_refusals_total", { reason });
  t.equal(refused("invalid_request"), 1);
  t.equal(refused("not_found"), 1);
  t.notMatch(text, /nowhere|ann|bob/, "no path and no username is a label");

  t.equal(value("lucky_draw_script_seconds_count", { script: "draw" }), 4);
  t.equal(value("lucky_draw_batch_draws_sum"), 4, "one draw a batch");
  t.equal(value("lucky_draw_insert_seconds_count"), 2);
  t.equal(value("lucky_draw_insert_rows_sum"), 2);
  const left = (per: string) =>
    value("lucky_draw_prize_units_left", { prize: "FEW", per });
  t.equal(left("total"), 1);
  t.equal(left("day"), 0);
  const quota = (per: string) =>
    value("lucky_draw_prize_units_quota", { prize: "FEW", per });
  t.equal(quota("total"), 3);
  t.equal(quota("day"), 2);
  t.equal(value("lucky_draw_up", { store: "redis" }), 1);
  t.equal(value("lucky_draw_up", { store: "postgres" }), 1);
  t.equal(value("lucky_draw_outbox_oldest_seconds"), 0);
  t.ok((value("nodejs_eventloop_lag_p99_seconds") ?? 0) > 0);
});

t.test("draws that arrive together are one batch and one INSERT", async (t) => {
  const { world, server } = await setUp(t);
  await setPrizes(world, [{ id: "SURE" }], server);
  const draws = await Promise.all(
    Array.from({ length: 40 }, (_, n) => server.draw(`user ${n}`)),
  );
  t.ok(draws.every(({ body }) => told(body) === "won"));
  const { value } = await scrape(server.url);
  t.equal(value("lucky_draw_batch_draws_sum"), 40);
  t.equal(value("lucky_draw_insert_rows_sum"), 40);
  const batches = value("lucky_draw_batch_draws_count") ?? 0;
  t.ok(batches > 0 && batches < 40, `${batches} batches`);
});

t.test("reloads are counted with their result", async (t) => {
  const { world, server } = await setUp(t);
  const count = async () => {
    const { value } = await scrape(server.url);
    const of = (result: string) =>
      value("lucky_draw_reloads_total", { result });
    return {
      ok: of("ok") ?? 0,
      refused: of("refused") ?? 0,
      failed: of("failed") ?? 0,
      table: value("lucky_draw_prize_table_refused"),
    };
  };
  await setPrizes(world, [{ id: "A", probability: 0.5 }], server);
  const before = await count();
  t.equal(before.table, 0);
  await world.sql`update prize set probability = 0.6`;
  await server.prizes.check();
  const edited = await count();
  t.same(edited, { ...before, ok: before.ok + 1 }, "found by the scheduler");
  await world.sql`insert into prize (id, title, probability) values ('B', 'b', 0.5)`;
  await server.prizes.check();
  t.same(await count(), { ...edited, refused: edited.refused + 1, table: 1 });
  await world.sql`alter table prize rename to hidden`;
  await t.rejects(server.prizes.reload());
  t.equal((await count()).failed, edited.failed + 1);
});

t.test(
  "a win that waits for Postgres is in the outbox, with its age",
  async (t) => {
    const { world, server } = await setUp(t);
    await setPrizes(world, [{ id: "SURE" }], server);
    const release = await holdResults(world);
    const draw = await server.draw("ann");
    t.equal(draw.status, 503);
    const { value } = await scrape(server.url);
    t.equal(value("lucky_draw_outbox_entries"), 1);
    const age = value("lucky_draw_outbox_oldest_seconds") ?? 0;
    t.ok(age > 0.5 && age < 30, `${age} s`);
    const unavailable = { reason: "unavailable" };
    t.equal(value("lucky_draw_refusals_total", unavailable), 1);
    await release();
    await until("the statement failed, too", async () => {
      const { value } = await scrape(server.url);
      if (!value("lucky_draw_statement_failures_total"))
        throw new Error("none");
    });
  },
);

for (const store of ["redis", "postgres"] as const) {
  for (const how of ["cut off", "silent"] as const) {
    t.test(`${store} ${how}: a scrape says so and does not fail`, async (t) => {
      const world = await createWorld(t);
      const name = store === "redis" ? "redisUrl" : "databaseUrl";
      const proxy = await createProxy(t, world[name]);
      const through = { ...world, [name]: proxy.url };
      const settings = { METRICS: "on" } as const;
      const server = await startServer(t, through, { settings });
      await setPrizes(world, [{ id: "FEW", total_quota: 3 }], server);
      const other = store === "redis" ? "postgres" : "redis";
      if (how === "silent") proxy.silence();
      else proxy.lead("redis://127.0.0.1:1");
      const began = performance.now();
      const { value } = await scrape(server.url);
      t.ok(performance.now() - began < 4_000);
      t.equal(value("lucky_draw_up", { store }), 0);
      t.equal(value("lucky_draw_up", { store: other }), 1);
      const units = value("lucky_draw_prize_units_left", { per: "total" });
      t.equal(units, store === "redis" ? undefined : 3, "nothing stale");
      const entries = value("lucky_draw_outbox_entries");
      t.equal(entries, store === "redis" ? undefined : 0);
    });
  }
}

t.test("scripts that Redis does not answer are counted", async (t) => {
  const world = await createWorld(t);
  const proxy = await createProxy(t, world.redisUrl);
  const through = { ...world, redisUrl: proxy.url };
  const server = await startServer(t, through, { settings: { METRICS: "on" } });
  await setPrizes(world, [{ id: "SURE" }], server);
  t.equal((await server.draw("bob")).status, 200, "the first of a day");
  proxy.dropReply();
  t.equal((await server.draw("ann")).status, 503);
  await until("Redis is back", async () => {
    const { value } = await scrape(server.url);
    if (value("lucky_draw_up", { store: "redis" }) !== 1) throw new Error("no");
    t.equal(value("lucky_draw_script_failures_total", { script: "draw" }), 1);
    t.equal(value("lucky_draw_draws_total", { outcome: "failed" }), 1);
  });
});

t.test("a refusal because too much is under way is an overload", async (t) => {
  const world = await createWorld(t);
  const proxy = await createProxy(t, world.redisUrl);
  const through = { ...world, redisUrl: proxy.url };
  const server = await startServer(t, through, { settings: { METRICS: "on" } });
  await setPrizes(world, [{ id: "SURE" }], server);
  await server.draw("the first of a day");
  proxy.hold();
  // All in one turn, without sockets, so that none is decided before the last has come.
  const draws = Array.from({ length: 5_000 }, (_, n) =>
    server.app.inject({
      method: "POST",
      url: "/draw",
      payload: { username: `user ${n}` },
    }),
  );
  t.equal((await Promise.any(draws)).statusCode, 503);
  proxy.release();
  const answers = await Promise.all(draws);
  const refused = answers.filter(({ statusCode }) => statusCode === 503);
  const { value } = await scrape(server.url);
  const labels = { reason: "overload" };
  const overload = value("lucky_draw_refusals_total", labels) ?? 0;
  t.ok(overload >= 500, `${overload} of 5,000, past the 4,500 that fit`);
  t.ok(overload <= refused.length);
});

t.test("by default there are no metrics", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  t.equal((await fetch(`${server.url}/metrics`)).status, 404);
});

t.test("what the dashboard and the alert rules ask for exists", async (t) => {
  const { world, server } = await setUp(t);
  const prizes = [{ id: "FEW", total_quota: 3, daily_quota: 2 }];
  await setPrizes(world, prizes, server);
  await server.draw("ann");
  const redeem = await post(`${server.url}/redeem`, {});
  t.equal(redeem.status, 400);
  const { samples } = await scrape(server.url);

  const rules = parse(await source("alerts.yml")) as Rules;
  const alerts = rules.groups.flatMap((group) => group.rules);
  t.ok(alerts.length >= 8);
  for (const { alert, expr, labels, annotations } of alerts) {
    t.ok(labels.severity && annotations.summary.length > 40, alert);
    checkQuery(t, alert, expr, samples);
  }
  const dashboard = JSON.parse(await source("dashboard.json")) as Dashboard;
  for (const { title, targets } of dashboard.panels) {
    t.ok(targets.length > 0, title);
    for (const { expr } of targets) checkQuery(t, title, expr, samples);
  }

  const queries = [
    ...alerts.map(({ expr }) => expr),
    ...dashboard.panels.flatMap((it) => it.targets.map(({ expr }) => expr)),
  ].join("\n");
  const own = samples.map(({ name }) =>
    name.replace(/_(bucket|sum|count)$/, ""),
  );
  for (const name of new Set(own.filter((it) => it.startsWith("lucky_draw")))) {
    t.match(queries, name, `${name} is shown or watched`);
  }
});

/** Every metric of a query is scraped, with every label that it is chosen or summed by. */
function checkQuery(t: Test, what: string, query: string, samples: Sample[]) {
  const named = /\b(lucky_draw_\w+|nodejs_\w+|process_\w+)(?:\{([^}]*)\})?/g;
  const by = [...query.matchAll(/\bby \(([^)]*)\)/g)]
    .flatMap((it) => (it[1] ?? "").split(","))
    .map((label) => label.trim())
    .filter((label) => label && label !== "instance");
  const asked = [...query.matchAll(named)];
  t.ok(
    asked.length > 0 || query.startsWith("up{"),
    `${what} asks for something`,
  );
  for (const [, name, chosen = ""] of asked) {
    const labels = [...chosen.matchAll(/(\w+)=/g)].map((it) => it[1] as string);
    const found = samples.filter((sample) => sample.name === name);
    t.ok(found.length > 0, `${what}: ${name}`);
    for (const label of [...labels, ...by]) {
      t.ok(
        found.some((sample) => label in sample.labels),
        `${what}: ${name} has the label ${label}`,
      );
    }
  }
}

const source = (name: string) =>
  readFile(new URL(`../../src/observe/${name}`, import.meta.url), "utf8");

type Rules = {
  groups: {
    rules: {
      alert: string;
      expr: string;
      labels: { severity?: string };
      annotations: { summary: string };
    }[];
  }[];
};

type Dashboard = {
  panels: { title: string; targets: { expr: string }[] }[];
};
