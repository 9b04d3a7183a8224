import t from "tap";
import { shardOf } from "../../src/shards/shard-of.js";
import { keys, keysOf } from "../../src/stores/keys.js";
import { connectRedis } from "../support/connect-redis.js";
import { startCluster } from "../support/redis-cluster.js";
import { drawIn, setCampaign } from "../support/set-campaign.js";
import { startServer } from "../support/start-server.js";
import { until } from "../support/until.js";
import { createWorld } from "../support/world.js";

// A master without a replica is gone: the users of its shards get 503, those of the others go on.

const SHARDS = 8;

for (const which of ["a master", "the master whose clock counts"]) {
  t.test(`${which} is gone`, async (t) => {
    const cluster = await startCluster(t);
    for (const { redis } of cluster.nodes) {
      await redis.config("SET", "cluster-require-full-coverage", "no");
    }
    const shared = await createWorld(t);
    const redis = connectRedis(cluster.url);
    t.teardown(() => redis.disconnect());
    const world = { ...shared, redis, redisUrl: cluster.url };
    const server = await startServer(t, world);
    await setCampaign(
      world,
      { id: "many", shards: SHARDS },
      [{ id: "CUP", daily_quota: 1_000 }],
      server,
    );
    const ofClock = await cluster.ownerOf(keys.prizes);
    const owners = await Promise.all(
      Array.from({ length: SHARDS }, (_, n) =>
        cluster.ownerOf(keysOf("many", n).prizes),
      ),
    );
    const gone =
      which === "a master" ? owners.find((it) => it !== ofClock) : ofClock;
    let count = 0;
    /** The status for a new user whose shard is, or is not, on the master that goes. */
    const draw = async (isGone: boolean) => {
      do count += 1;
      while ((owners[shardOf(`user ${count}`, SHARDS)] === gone) !== isGone);
      const { status } = await drawIn(server, "many", `user ${count}`);
      return status;
    };
    t.equal(await draw(false), 200);
    await gone?.kill();
    await until("draws of the others", async () => {
      if ((await draw(false)) !== 200) throw new Error("503");
    });
    if (owners.some((it) => it === gone)) t.equal(await draw(true), 503);
    await server.scheduler.tick().catch(() => {});
    for (let n = 0; n < 5; n += 1) t.equal(await draw(false), 200);
    await gone?.start();
    await until("draws of all", async () => {
      await server.scheduler.tick().catch(() => {});
      if (owners.some((it) => it === gone) && (await draw(true)) !== 200) {
        throw new Error("503");
      }
    });
  });
}
