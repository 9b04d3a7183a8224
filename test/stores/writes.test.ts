import { randomBytes } from "node:crypto";
import t from "tap";
import { keys } from "../../src/stores/keys.js";
import { winsInOutbox } from "../support/outbox-entries.js";
import { told } from "../support/post.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";

// A write that fails in the middle of a script leaves the writes before it in force: draw.lua counts first, then notes the
// win, then who took part. So a unit can be wasted, but not sold twice, and nobody's draw is used up without an outcome.

t.test("whichever write of a draw fails", async (t) => {
  for (const command of ["hset", "xadd"]) {
    const world = await createWorld(t);
    const user = `writes-${randomBytes(6).toString("hex")}`;
    const allow = (...rights: string[]) =>
      world.redis.call("ACL", "SETUSER", user, ...rights);
    await allow("on", ">writes", "~*", "&*", "+@all");
    t.teardown(() => world.redis.call("ACL", "DELUSER", user));
    const url = new URL(world.redisUrl);
    [url.username, url.password] = [user, "writes"];
    const server = await startServer(t, { ...world, redisUrl: url.href });
    await setPrizes(world, [{ id: "SURE", total_quota: 10 }], server);
    t.equal(told((await server.draw("early")).body), "won");
    await server.settlements.idle();

    await allow(`-${command}`);
    const { date } = server.clock.today();
    t.equal((await server.draw("ann")).status, 503, command);
    const counted = Number(await world.redis.hget(keys.taken, "SURE"));
    const noted = await winsInOutbox(world.redis);
    t.ok(noted < counted, `${command}: no win without its unit counted`);
    t.equal(
      await world.redis.hget(keys.players(date, "ann"), "ann"),
      null,
      `${command}: her draw is not used up`,
    );
    t.equal(
      Number(await world.redis.hget(keys.takenToday(date), "SURE")),
      counted,
      "the day's count goes along",
    );

    await allow("+@all");
    t.equal(told((await server.draw("ann")).body), "won");
    t.equal(
      await world.redis.hget(keys.taken, "SURE"),
      `${counted + 1}`,
      "what was counted stays counted",
    );
    if (command === "xadd") t.equal(counted, 2, "the unit was counted first");
    const [row] = await world.sql`
      select count(*)::int as n, count(distinct unit)::int as units from result`;
    t.same(row, { n: 2, units: 2 });
    await server.close();
  }
});
