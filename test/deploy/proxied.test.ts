import t, { type Test } from "tap";
import { freePort } from "../../src/stores/embedded/redis.js";
import { audit, CLEAN, startLoad } from "../support/load.js";
import { startNameServer } from "../support/name-server.js";
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

// Servers behind nginx, with src/deploy/nginx.conf: a name stands for all of them. Clients do not try again.

const PRIZES = [
  { id: "SURE", probability: 0.5 },
  { id: "FEW", probability: 0.3, daily_quota: 50, total_quota: 50 },
];

const skip = hasNginx() ? false : "there is no nginx on the PATH";

const keyed = (username: string) => ({
  "idempotency-key": username.replace(" ", "-"),
});

/** One name has one port, so each server has an address of its own. */
const [FIRST, SECOND, THIRD, FOURTH] = [1, 2, 3, 4].map(
  (n) => `127.0.0.${n}`,
) as [string, string, string, string];

async function setUp(
  t: Test,
  headersOf?: (username: string) => Record<string, string>,
) {
  const world = await createWorld(t);
  const PORT = String(await freePort());
  // Longer than any test: they end the drain themselves.
  const DRAIN_SECONDS = "600";
  const start = (HOST: string) =>
    startProcess(t, world, {
      HOST,
      PORT,
      TRUST_PROXY: "1",
      DRAIN_SECONDS,
    });
  const servers = await Promise.all([FIRST, SECOND, THIRD].map(start));
  await setPrizes(world, PRIZES);
  await listing(servers, "FEW");
  const names = await startNameServer(t, [FIRST, SECOND, THIRD]);
  const url = await startNginx(t, names, PORT);
  const load = startLoad([url], 4, headersOf);
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
  return { servers, start, names, url, answered, finish };
}

t.test(
  "servers are replaced and added while nginx runs: it finds them, no request fails",
  { skip },
  async (t) => {
    const { servers, start, names, url, answered, finish } = await setUp(t);
    const [first, second, third] = servers as [
      ServerProcess,
      ServerProcess,
      ServerProcess,
    ];
    /** As a rollout does it: told to stop, taken out of the name, and gone once nobody sends it anything. */
    const retire = async ({ child, end }: ServerProcess, left: string[]) => {
      const ended = end("SIGTERM");
      await names.lead(left);
      await answered(20);
      child.kill("SIGINT");
      t.equal(await ended, 0);
      await answered(20);
    };
    await answered(20);
    const fourth = await start(FOURTH);
    await names.lead([FIRST, SECOND, THIRD, FOURTH]);
    await retire(first, [SECOND, THIRD, FOURTH]);
    await retire(second, [THIRD, FOURTH]);
    await retire(third, [FOURTH]);
    const again = await start(FIRST);
    await names.lead([FIRST, FOURTH]);
    await retire(fourth, [FIRST]);
    await finish(t);

    again.child.kill("SIGKILL");
    await until("its end", async () => {
      const alive = await fetch(`${again.url}/healthz`).catch(() => undefined);
      if (alive) throw new Error("it still answers");
    });
    for (const headers of [{}, { "idempotency-key": "k" }]) {
      const away = await post(`${url}/draw`, { username: "x" }, headers);
      t.equal(away.status, 503);
      t.equal(away.body.code, "UNAVAILABLE");
      t.match(away.headers.get("retry-after"), /^[1-4]$/);
    }
    const told = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const away = await fetch(`${url}/prizes`);
        return away.headers.get("retry-after");
      }),
    );
    t.ok(new Set(told).size > 1, "nginx does not bring them back as one");
  },
);

t.test(
  "rolling restart, not drained, every draw with a key",
  { skip },
  async (t) => {
    const { servers, start, answered, finish } = await setUp(t, keyed);
    for (const [n, server] of servers.entries()) {
      await answered(30);
      const ended = server.end("SIGTERM");
      server.child.kill("SIGINT");
      t.equal(await ended, 0);
      await answered(20);
      await start([FIRST, SECOND, THIRD][n] ?? FIRST);
      await answered(30);
    }
    await finish(t);
  },
);
