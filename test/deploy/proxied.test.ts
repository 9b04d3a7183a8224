import t, { type Test } from "tap";
import { audit, CLEAN, startLoad } from "../support/load.js";
import { hasNginx, startNginx } from "../support/nginx.js";
import { post } from "../support/post.js";
import {
  listing,
  type ServerProcess,
  startProcess,
} from "../support/server-process.js";
import { setPrizes } from "../support/set-prizes.js";
import { until } from "../support/until.js";
import { createWorld } from "../support/world.js";

// Three servers behind nginx, with src/deploy/nginx.conf. Clients do not try again.

const PRIZES = [
  { id: "SURE", probability: 0.5 },
  { id: "FEW", probability: 0.3, daily_quota: 50, total_quota: 50 },
];

const skip = hasNginx() ? false : "there is no nginx on the PATH";

/** A connection each: a reload of nginx closes those that are idle, perhaps just when a client uses one again. */
const unkeyed = () => ({ connection: "close" });

const keyed = (username: string) => ({
  "idempotency-key": username.replace(" ", "-"),
});

async function setUp(
  t: Test,
  headersOf: (username: string) => Record<string, string>,
) {
  const world = await createWorld(t);
  const start = (port = "0") =>
    startProcess(t, world, { PORT: port, TRUST_PROXY: "1" });
  const servers = await Promise.all([start(), start(), start()]);
  await setPrizes(world, PRIZES);
  await listing(servers, "FEW");
  const nginx = await startNginx(
    t,
    servers.map(({ url }) => url),
  );
  const load = startLoad([nginx.url], 4, headersOf);
  t.teardown(load.stop);
  const answered = (more: number) => {
    const goal = load.journal.length + more;
    return until(`${more} answers`, async () => {
      if (load.journal.length < goal) throw new Error("not yet");
    });
  };
  /** Stops the load and looks at all that was answered. */
  const finish = async (t: Test) => {
    const journal = await load.stop();
    t.comment(`${journal.length} draws`);
    const failed = journal.filter(({ status }) => status !== 200);
    t.same(failed, [], "no request failed");
    const repeated = journal.filter(({ what }) => what === "participated");
    t.same(repeated, [], "no answer was lost");
    t.same(await audit(world, journal), CLEAN);
  };
  return { servers, start, nginx, answered, finish };
}

t.test("rolling restart, each server drained first", { skip }, async (t) => {
  const { servers, start, nginx, answered, finish } = await setUp(t, unkeyed);
  for (const { url, end } of servers) {
    await nginx.without(url);
    await answered(20);
    t.equal(await end("SIGTERM"), 0);
    await start(new URL(url).port);
    await nginx.without();
    await answered(30);
  }
  await finish(t);
});

t.test(
  "rolling restart, not drained, every draw with a key",
  { skip },
  async (t) => {
    const { servers, start, nginx, answered, finish } = await setUp(t, keyed);
    const running: ServerProcess["end"][] = [];
    for (const { url, end } of servers) {
      await answered(30);
      t.equal(await end("SIGTERM"), 0);
      await answered(20);
      running.push((await start(new URL(url).port)).end);
      await answered(30);
    }
    await finish(t);
    for (const end of running) await end("SIGTERM");
    for (const headers of [{}, { "idempotency-key": "k" }]) {
      const away = await post(`${nginx.url}/draw`, { username: "x" }, headers);
      t.equal(away.status, 503);
      t.equal(away.body.code, "UNAVAILABLE");
      t.match(away.headers.get("retry-after"), /^[1-4]$/);
    }
    const told = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const away = await fetch(`${nginx.url}/prizes`);
        return away.headers.get("retry-after");
      }),
    );
    t.ok(new Set(told).size > 1, "nginx does not bring them back as one");
  },
);
