import { readFile } from "node:fs/promises";
import t from "tap";
import { keys } from "../../src/stores/keys.js";
import { ADMIN_TOKEN } from "../support/admin-calls.js";
import { askAgain, compare, FITTING } from "../support/ask-again.js";
import { holdResults } from "../support/hold-results.js";
import { watch } from "../support/live-events.js";
import { audit, CLEAN, startLoad } from "../support/load.js";
import { outboxHolds } from "../support/outbox-entries.js";
import { told } from "../support/post.js";
import { readScrape } from "../support/scrape.js";
import { listing, startProcess } from "../support/server-process.js";
import { setPrizes } from "../support/set-prizes.js";
import { until } from "../support/until.js";
import {
  askAnew,
  type Crew,
  getAnew,
  runs,
  startCrew,
} from "../support/workers.js";
import { createWorld, type World } from "../support/world.js";

// Several processes that share a port are one server to whoever calls, watches and stops it.

t.jobs = 1;

const PRIZES = [
  { id: "SURE", probability: 0.5 },
  { id: "FEW", probability: 0.3, daily_quota: 50, total_quota: 50 },
];

const emptied = ({ redis }: World) =>
  until("an empty outbox", async () => {
    const left = await redis.xlen(keys.outbox);
    if (left > 0) throw new Error(`${left}`);
  });

const allGone = (pids: number[]) =>
  until("the end of all workers", async () => {
    const left = pids.filter(runs);
    if (left.length > 0) throw new Error(`${left} still run`);
  });

t.test("alone it has no other process, and its lines no number", async (t) => {
  const world = await createWorld(t);
  const { child, lines } = await startProcess(t, world);
  const path = `/proc/${child.pid}/task/${child.pid}/children`;
  t.equal(await readFile(path, "utf8"), "");
  t.ok(lines.every((line) => JSON.parse(line).worker === undefined));
});

t.test(
  "kill -9 of a worker under load: no win is lost or doubled, another takes its place",
  async (t) => {
    const world = await createWorld(t);
    const server = await startCrew(t, world, 2);
    await setPrizes(world, PRIZES);
    await listing([server], "FEW");
    const load = startLoad([server.url]);
    for (const number of [1, 2, 1]) {
      const before = load.journal.length;
      await until("draws", async () => {
        if (load.journal.length < before + 100) throw new Error("too few");
      });
      const pid = server.pids().get(number) ?? 0;
      process.kill(pid, "SIGKILL");
      await server.replaced(number, pid);
    }
    const journal = await load.stop();
    t.comment(`${journal.length} draws`);
    await emptied(world);
    const again = await askAgain([server.url], journal);
    const { wrong, noted } = compare(journal, again);
    t.same(wrong, FITTING);
    t.equal(noted.losers_who_drew_again, 0);
    t.same(await audit(world, [...journal, ...again]), CLEAN);
    t.equal(await server.end("SIGTERM"), 0);
  },
);

t.test("wins that a killed worker left are finished by another", async (t) => {
  const world = await createWorld(t);
  const server = await startCrew(t, world, 2);
  await setPrizes(world, [{ id: "SURE" }]);
  await listing([server], "SURE");
  const release = await holdResults(world);
  const users = Array.from({ length: 20 }, (_, n) => `user ${n}`);
  const pid = server.pids().get(1) ?? 0;
  await server.alone(1, async () => {
    const draws = users.map((username) =>
      askAnew(`${server.url}/draw`, username).catch(() => "cut off"),
    );
    await outboxHolds(world, users.length);
    process.kill(pid, "SIGKILL");
    t.same(new Set(await Promise.all(draws)), new Set(["cut off"]));
  });
  // Nobody has asked again, so it is the sweep that finishes them.
  await release();
  await emptied(world);
  const [row] = await world.sql`select count(*)::int as n from result`;
  t.equal(row?.n, users.length);
  for (const username of users) {
    const { body } = await askAnew(`${server.url}/draw`, username);
    t.equal(told(body), "won", "and is told now");
  }
  await server.replaced(1, pid);
});

t.test("a worker that stands still keeps no new caller waiting", async (t) => {
  const world = await createWorld(t);
  const server = await startCrew(t, world, 2);
  for (const number of [1, 2]) {
    await server.alone(number, async () => {
      for (let n = 0; n < 10; n += 1) {
        const { status } = await askAnew(`${server.url}/healthz`);
        t.equal(status, 200);
      }
    });
  }
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  t.test(`${signal}: all workers answer what is under way`, async (t) => {
    const world = await createWorld(t);
    const server = await startCrew(t, world, 2);
    await setPrizes(world, [{ id: "SURE" }]);
    await listing([server], "SURE");
    const pids = [...server.pids().values()];
    const release = await holdResults(world);
    const draw = (n: number) => askAnew(`${server.url}/draw`, `user ${n}`);
    const draws = Array.from({ length: 40 }, (_, n) => draw(n));
    await outboxHolds(world, 40);
    // Ctrl-C reaches all processes of a terminal.
    if (signal === "SIGINT") for (const pid of pids) process.kill(pid, signal);
    const ended = server.end(signal);
    await until("no new connections", async () => {
      const late = await askAnew(`${server.url}/healthz`).catch(() => false);
      if (late) throw new Error("answered");
    });
    await release();
    // Where the machine was slow Postgres was held for too long: a 503, and the win is told on the next try.
    const answers = await Promise.all(draws);
    const statuses = answers.map(({ status }) => status);
    t.ok(
      statuses.every((it) => it === 200 || it === 503),
      `${statuses}`,
    );
    t.equal(await ended, 0);
    t.same(pids.filter(runs), [], "the first process is the last to end");
    const sentences = server.lines.map((line) => JSON.parse(line).msg);
    t.notOk(sentences.includes("a worker ended"), "none was replaced");

    const next = await startProcess(t, world);
    await emptied(world);
    const won = ["won", "participated"];
    for (const [n, { status }] of answers.entries()) {
      const again = await askAnew(`${next.url}/draw`, `user ${n}`);
      if (status === 503) t.equal(told(again.body), "won");
      else t.ok(won.includes(told(again.body)), "at most told once more");
    }
    const [row] = await world.sql`select count(*)::int as n from result`;
    t.equal(row?.n, answers.length, "every win has its row, once");
  });
}

t.test("SIGTERM to one worker: another takes its place", async (t) => {
  const world = await createWorld(t);
  const server = await startCrew(t, world, 2);
  const pid = server.pids().get(2) ?? 0;
  process.kill(pid, "SIGTERM");
  await server.replaced(2, pid);
  t.equal(await server.end("SIGTERM"), 0);
});

t.test("kill -9 of the first process ends the workers", async (t) => {
  const world = await createWorld(t);
  const server = await startCrew(t, world, 2);
  const pids = [...server.pids().values()];
  t.equal(await server.end("SIGKILL"), null);
  await allGone(pids);
});

/** Draws that only one worker can answer. */
async function drawAt(server: Crew, number: number, users: string[]) {
  return server.alone(number, async () => {
    for (const username of users) {
      await askAnew(`${server.url}/draw`, username);
    }
  });
}

t.test("metrics are those of all workers, whoever is asked", async (t) => {
  const world = await createWorld(t);
  const server = await startCrew(t, world, 2, { METRICS: "on" });
  await setPrizes(world, [{ id: "SURE", total_quota: 100 }]);
  await listing([server], "SURE");
  await drawAt(server, 1, ["a", "b", "c"]);
  await drawAt(server, 2, ["d", "e"]);
  const read = async () => {
    const { value } = readScrape(await getAnew(`${server.url}/metrics`));
    return {
      won: value("lucky_draw_draws_total", { outcome: "won" }),
      rows: value("lucky_draw_insert_rows_sum"),
      units: value("lucky_draw_prize_units_left", { per: "total" }),
      redis: value("lucky_draw_up", { store: "redis" }),
      began: value("process_start_time_seconds"),
    };
  };
  const both = await read();
  t.match(both, { won: 5, rows: 5, units: 95, redis: 1 });
  for (const number of [1, 2]) {
    const seen = await server.alone(number, read);
    t.same(
      seen,
      both,
      `the same of worker ${number}, the other standing still`,
    );
  }

  const pid = server.pids().get(1) ?? 0;
  process.kill(pid, "SIGKILL");
  await server.replaced(1, pid);
  const after = await read();
  t.equal(after.won, 5, "what the dead one counted is kept");
  await drawAt(server, 1, ["f"]);
  await drawAt(server, 2, ["g", "h"]);
  t.match(await read(), { won: 8, rows: 8, units: 92 });
});

t.test("live figures have the refusals of all workers", async (t) => {
  const world = await createWorld(t);
  const server = await startCrew(t, world, 2, { ADMIN_TOKEN });
  await setPrizes(world, [{ id: "SURE" }]);
  await listing([server], "SURE");
  await drawAt(server, 1, ["", ""]);
  await drawAt(server, 2, ["", "", ""]);
  const viewer = await watch(server.url);
  await viewer.see(
    "all five",
    ({ refusals }) => refusals.INVALID_REQUEST === 5,
  );
  viewer.hangUp();
});

t.test("one log: whole lines, each with its worker's number", async (t) => {
  const world = await createWorld(t);
  const settings = { LOG_LEVEL: "trace", LOG_FORMAT: "names" };
  const server = await startCrew(t, world, 3, settings);
  await Promise.all(
    Array.from({ length: 300 }, () => askAnew(`${server.url}/nowhere`)),
  );
  t.equal(await server.end("SIGTERM"), 0);
  const lines = server.lines.map((line) => JSON.parse(line));
  const refused = lines.filter(({ msg }) => msg === "refused");
  t.equal(refused.length, 300, "none is missing");
  t.same(new Set(refused.map(({ level }) => level)), new Set(["debug"]));
  const numbers = lines.flatMap(({ worker }) => worker ?? []);
  t.same(new Set(numbers), new Set([1, 2, 3]));
});
