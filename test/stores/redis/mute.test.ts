import t from "tap";
import { freePort } from "../../../src/stores/embedded/redis.js";
import { keys } from "../../../src/stores/keys.js";
import { told } from "../../support/post.js";
import { PASSWORD, startRedisProcess } from "../../support/redis-process.js";
import { runCommand } from "../../support/run-command.js";
import { startProcess } from "../../support/server-process.js";
import { setPrizes } from "../../support/set-prizes.js";
import { startServer } from "../../support/start-server.js";
import { until } from "../../support/until.js";
import { createWorld } from "../../support/world.js";

// A Redis of a host that lets nobody ask INFO or CONFIG.

const DATA = [`requirepass ${PASSWORD}`, "appendonly yes"];

/** The commands are gone, or forbidden to the user. */
const WAYS = {
  renamed: ['rename-command INFO ""', 'rename-command CONFIG ""'],
  forbidden: [`user default on >${PASSWORD} ~* &* +@all -info -config`],
};

for (const [way, lines] of Object.entries(WAYS)) {
  t.test(`INFO and CONFIG are ${way}`, async (t) => {
    const port = await freePort();
    const node = await startRedisProcess(t, port, [...DATA, ...lines]);
    const redisUrl = `redis://:${PASSWORD}@127.0.0.1:${port}`;
    const shared = await createWorld(t);
    const world = { ...shared, redisUrl, redis: node.redis };
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: "SURE", total_quota: 2 }], server);
    await server.scheduler.tick();
    t.equal(told((await server.draw("ann")).body), "won");
    const ready = await fetch(`${server.url}/readyz`);
    t.equal(ready.status, 200, await ready.text());

    const settings = { DATABASE_URL: world.databaseUrl, REDIS_URL: redisUrl };
    const { code, out } = await runCommand("doctor", settings);
    t.equal(code, 0, out);
    t.match(out, /warn {2}Redis refuses INFO: .* can't be checked/);
    t.match(out, /ok {4}Redis does all that a draw needs/);

    const process = await startProcess(t, world);
    await until("a word in the log", async () => {
      if (!process.lines.some((line) => /Redis refuses INFO/.test(line))) {
        throw new Error(process.lines.join("\n"));
      }
    });

    // What it lost is noticed all the same.
    await node.redis.del(...(await node.redis.keys("*")));
    await server.scheduler.tick();
    await until("a draw", async () => {
      const { status, body } = await server.draw("ann");
      if (status !== 200) throw new Error(String(status));
      t.not(told(body), "no_prize", "she has won before");
    });
    await until("the winner again", async () => {
      await server.scheduler.tick();
      const taken = await node.redis.hget(keys.taken, "SURE");
      if (taken !== "1") throw new Error(String(taken));
    });
    t.equal((await world.sql`select from result`).length, 1);
  });
}
