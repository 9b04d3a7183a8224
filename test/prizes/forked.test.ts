import t from "tap";
import { systemRandom } from "../../src/random.js";
import { keys } from "../../src/stores/keys.js";
import { fakeTime } from "../support/fake-time.js";
import { addWin } from "../support/outbox-entries.js";
import { told } from "../support/post.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";

// Two Redis servers continued from the same moment: what the old side wrote is found on the new one, however late it
// came.

/** A chance to win that the test turns off. */
function chance() {
  let roll = 0;
  const lose = () => {
    roll = 999_999_999;
  };
  return { random: { ...systemRandom, roll: () => roll }, lose };
}

/** The old side, with eve's win in its outbox (unit 1) and ann's in Postgres (unit 2). */
async function oldSide(
  t: Parameters<typeof startServer>[0],
  time = fakeTime(NOW),
) {
  const world = await createWorld(t);
  const old = await createWorld(t);
  const { random, lose } = chance();
  const options = { random, ...time.options() };
  const stores = { ...old, databaseUrl: world.databaseUrl, sql: world.sql };
  const server = await startServer(t, stores, options);
  await setPrizes(world, [{ id: "HALF", probability: 0.5 }], server);
  const { date } = server.clock.today();
  const win = { user_id: "eve", prize_id: "HALF", draw_date: date, unit: 1 };
  const entry = await addWin(old.redis, win, "attemptE");
  const record = `wattemptE${entry}`;
  await old.redis.hset(keys.players(date, "eve"), "eve", record);
  await old.redis.hset(keys.taken, "HALF", 1);
  await old.redis.hset(keys.takenToday(date), "HALF", 1);
  t.equal(told((await server.draw("ann")).body), "won");
  const recordEve = () => server.sweep(-1_000);
  return { world, options, lose, recordEve, time };
}

const NOW = "2099-11-22T12:00:00Z";

t.test("a server that comes over later finds them", async (t) => {
  const { world, options, lose, recordEve } = await oldSide(t);
  await startServer(t, world, options); // raises the new side's counter to 2
  await recordEve();
  lose();
  const late = await startServer(t, world, options);
  t.equal(told((await late.draw("eve")).body), "won");
  t.equal(told((await late.draw("ann")).body), "won");
});

t.test("a server that is there already looks a second time", async (t) => {
  const { world, options, lose, recordEve, time } = await oldSide(t);
  const server = await startServer(t, world, options);
  await recordEve();
  lose();
  time.set("2099-11-22T12:00:04Z");
  await server.scheduler.tick();
  t.equal(told((await server.draw("eve")).body), "won");
  const reloads = await countReloads(server);
  time.set("2099-11-22T12:00:08Z");
  await server.scheduler.tick();
  t.equal(reloads(), 0, "and not every few seconds");
});

async function countReloads({
  redis,
}: Awaited<ReturnType<typeof startServer>>) {
  let count = 0;
  const { reload } = redis;
  redis.reload = (...args) => {
    count += 1;
    return reload.call(redis, ...args);
  };
  return () => count;
}
