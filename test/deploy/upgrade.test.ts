import { join } from "node:path";
import t from "tap";
import { keys } from "../../src/stores/keys.js";
import { askAgain } from "../support/ask-again.js";
import { holdResults } from "../support/hold-results.js";
import { createProxy } from "../support/link.js";
import { audit, CLEAN, type Entry } from "../support/load.js";
import { otherVersion, shaOfDraw } from "../support/other-version.js";
import { outboxHolds, winsInOutbox } from "../support/outbox-entries.js";
import { type Body, post, told } from "../support/post.js";
import { type Asked, startClients } from "../support/retrying-clients.js";
import {
  listing,
  type ServerProcess,
  startProcess,
} from "../support/server-process.js";
import { setPrizes } from "../support/set-prizes.js";
import { until } from "../support/until.js";
import { createWorld, type World } from "../support/world.js";

// Stopping and upgrading, while people draw.

t.jobs = 1;

const PRIZES = [
  { id: "SURE", probability: 0.5 },
  { id: "FEW", probability: 0.3, daily_quota: 50, total_quota: 50 },
];

t.test("a rolling restart under load fails nobody's request", async (t) => {
  const world = await createWorld(t);
  const servers = await Promise.all(
    [1, 2, 3].map(() => startProcess(t, world)),
  );
  await setPrizes(world, PRIZES);
  await listing(servers, "FEW");
  const urls = servers.map(({ url }) => url);
  const clients = startClients(urls, (n) => `user ${n}`);
  t.teardown(clients.stop);
  await answered(clients.journal, 50);
  const codes: (number | null)[] = [];
  for (const server of servers) {
    codes.push(await server.end("SIGTERM"));
    await answered(clients.journal, 50);
    await startProcess(t, world, { PORT: new URL(server.url).port });
    await answered(clients.journal, 50);
  }
  const journal = await clients.stop();
  t.same(codes, [0, 0, 0], "each one stopped cleanly");
  const retried = journal.filter(({ tries }) => tries > 1);
  t.comment(`${journal.length} requests, ${retried.length} went twice`);
  t.ok(retried.length > 0, "clients met servers that were stopping or away");
  t.same(
    journal.filter(({ status }) => status !== 200),
    [],
    "no request failed after its retry",
  );
  // A draw whose answer was lost on the way would tell its user so.
  t.same(
    journal.filter(({ what }) => what === "participated"),
    [],
    "no answer under way was lost",
  );
  await settled(world);
  t.same(await audit(world, journal), CLEAN);
});

t.test("two versions of draw.lua side by side", async (t) => {
  const world = await createWorld(t);
  const folder = await otherVersion();
  const shas = [await shaOfDraw(), await shaOfDraw(folder)];
  t.not(shas[0], shas[1]);
  const [older, newer] = await Promise.all([
    startProcess(t, world),
    startProcess(t, world, {}, join(folder, "dist/main.js")),
  ]);
  await setPrizes(world, PRIZES);
  await listing([older, newer], "FEW");
  // Four requests in a row are one user's, two at each server, and every user comes again.
  const nameOf = (n: number) => `user ${Math.floor(n / 4) % 150}`;
  const clients = startClients([older.url, newer.url], nameOf);
  t.teardown(clients.stop);
  await answered(clients.journal, 300);
  t.same(await world.redis.script("EXISTS", ...shas), [1, 1], "both ran");
  await world.redis.script("FLUSH");
  await answered(clients.journal, 300);
  t.same(await world.redis.script("EXISTS", ...shas), [1, 1], "and again");
  t.equal(await older.end("SIGTERM"), 0);
  await answered(clients.journal, 300);
  const journal = await clients.stop();
  t.same(
    journal.filter(({ status }) => status !== 200),
    [],
  );
  const again = await askAgain([newer.url], onceEach(journal));
  await settled(world);
  t.same(await audit(world, [...journal, ...again]), CLEAN);
  t.same(drawnTwice([...journal, ...again]), []);
});

t.test("SIGTERM with one batch in Redis and one in Postgres", async (t) => {
  const world = await createWorld(t);
  const link = await createProxy(t, world.redisUrl);
  const server = await startProcess(t, world, { REDIS_URL: link.url });
  await setPrizes(world, [{ id: "SURE" }]);
  await listing([server], "SURE");
  const release = await holdResults(world);
  const began = performance.now();
  const inPostgres = drawAll(server, "first", 20);
  await outboxHolds(world, 20);
  // The script has run, but the server can't know it.
  link.hold();
  const inRedis = drawAll(server, "second", 20);
  await until("a win more in the outbox", async () => {
    const now = await winsInOutbox(world.redis);
    if (now <= 20) throw new Error(`${now}`);
  });
  // The others wait for the answer. A request sent after them is answered after the server has read them.
  await fetch(`${server.url}/healthz`);
  const ended = server.end("SIGTERM");
  await refusing(server);
  link.release();
  await outboxHolds(world, 40);
  await release();
  t.comment(`held for ${Math.round(performance.now() - began)} ms`);
  const answers = [...(await inPostgres), ...(await inRedis)];
  t.same(
    answers.filter(({ what }) => what !== "won"),
    [],
    "all answers under way went out",
  );
  t.equal(await ended, 0);
  t.same(await audit(world, answers), CLEAN);
  const [row] = await world.sql`select count(*)::int as n from result`;
  t.equal(row?.n, 40);
  t.equal(await world.redis.xlen(keys.outbox), 0, "all settled");
  t.equal(await world.redis.hlen(keys.pending), 0, "all noted as delivered");
});

/** Waits for so many answers more. */
async function answered(journal: Asked[], more: number): Promise<void> {
  const goal = journal.length + more;
  const enough = async () => {
    if (journal.length < goal) throw new Error(`${journal.length} of ${goal}`);
  };
  await until(`${more} answers`, enough, 30_000);
}

const settled = (world: World) => outboxHolds(world, 0);

function onceEach(journal: Entry[]): Entry[] {
  return [...new Map(journal.map((entry) => [entry.username, entry])).values()];
}

/** Users who were told two outcomes. A win may be told twice, when both ask at once. */
function drawnTwice(journal: Entry[]): string[] {
  const outcomes = new Map<string, string>();
  const twice = new Set<string>();
  for (const { username, what, id } of journal) {
    if (what === "participated") continue;
    if (what === "no_prize" && outcomes.has(username)) twice.add(username);
    const outcome = id ?? what;
    if ((outcomes.get(username) ?? outcome) !== outcome) twice.add(username);
    outcomes.set(username, outcome);
  }
  return [...twice];
}

/** Draws of so many users at once. */
function drawAll({ url }: ServerProcess, name: string, count: number) {
  return Promise.all(
    Array.from({ length: count }, async (_, n): Promise<Entry> => {
      const username = `${name} ${n}`;
      const asking = post(`${url}/draw`, { username });
      const answer = await asking.catch(() => undefined);
      const body: Body = answer?.body ?? { success: false };
      const [what, id] = [told(body), body.data?.result?.id];
      const status = answer?.status ?? 0;
      return { username, at: 0, took: 0, status, what, id };
    }),
  );
}

/** Waits until a server takes no new connection. */
async function refusing({ url }: ServerProcess): Promise<void> {
  await until("its refusal", async () => {
    const taken = await fetch(`${url}/healthz`, {
      headers: { connection: "close" },
    }).then(
      () => true,
      () => false,
    );
    if (taken) throw new Error("it takes connections");
  });
}
