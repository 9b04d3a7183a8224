import t from "tap";
import { keys } from "../../src/stores/keys.js";
import { fakeTime } from "../support/fake-time.js";
import { inParallel } from "../support/in-parallel.js";
import { told } from "../support/post.js";
import { type PrizeRow, setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { until } from "../support/until.js";
import { createWorld, type World } from "../support/world.js";

const DAYS = ["2099-11-22", "2099-11-23", "2099-11-24"];

/** How many of `users` users win on each of three days, drawing at two servers. */
async function winsPerDay(
  t: Parameters<typeof startServer>[0],
  world: World,
  prize: PrizeRow,
  users: number,
  disturb?: (n: number, restart: () => Promise<void>) => Promise<void>,
) {
  const time = fakeTime(`${DAYS[0]}T12:00:00Z`);
  const start = () => startServer(t, world, time.options());
  const servers = [await start(), await start()];
  await setPrizes(world, [prize], ...servers);
  const restart = async () => {
    const old = servers[1];
    servers[1] = await start();
    await old?.close();
  };
  const wins: number[] = [];
  for (const day of DAYS) {
    time.set(`${day}T12:00:00Z`);
    let won = 0;
    const everybody = Array.from({ length: users }, (_, n) => n);
    await inParallel(everybody, 50, async (n) => {
      if (disturb) await disturb(n, restart);
      type Running = Awaited<ReturnType<typeof start>>;
      const draw = () => (servers[n % 2] as Running).draw(`user ${n}`);
      // A restart may close an idle connection under a request, and a busy machine lets a draw wait for too long: every
      // HTTP client sends it again, and is told the win that it was not told.
      const what = await until("an answer", async () => {
        const { status, body } = await draw();
        if (status !== 200) throw new Error(`${status}`);
        return told(body);
      });
      if (what === "won") won += 1;
    });
    wins.push(won);
    const [row] = await world.sql`
      select count(*)::int as n from result where draw_date = ${day}`;
    t.equal(row?.n, won, `${day}: as many rows as were told`);
    // Not by Postgres's refusals alone: the script itself takes no unit that is not there.
    const ever = await world.redis.hget(keys.taken, prize.id);
    t.ok(Number(ever) <= (prize.total_quota ?? Infinity), `${ever} in all`);
    const today = await world.redis.hget(keys.takenToday(day), prize.id);
    t.ok(Number(today) <= (prize.daily_quota ?? Infinity), `${today} that day`);
  }
  return wins;
}

t.test("total 10, daily 7: 7, then 3, then none", async (t) => {
  const world = await createWorld(t);
  const prize = { id: "TEN", daily_quota: 7, total_quota: 10 };
  t.same(await winsPerDay(t, world, prize, 500), [7, 3, 0]);
});

t.test("the same with reloads and a restart in the middle", async (t) => {
  const world = await createWorld(t);
  const prize = { id: "TEN", daily_quota: 7, total_quota: 10 };
  const other = await startServer(t, world);
  const disturb = async (n: number, restart: () => Promise<void>) => {
    // On a busy machine a reload may be refused for waiting too long, which must change nothing, either.
    if (n % 10 === 3) await other.prizes.reload(DAYS[n % 3]).catch(() => {});
    if (n === 100) await restart();
  };
  t.same(await winsPerDay(t, world, prize, 200, disturb), [7, 3, 0]);
});

t.test("total null, daily 3: 3 a day, every day", async (t) => {
  const world = await createWorld(t);
  const prize = { id: "DAILY", daily_quota: 3 };
  t.same(await winsPerDay(t, world, prize, 30), [3, 3, 3]);
});

t.test("daily null, total 5: 5 in all", async (t) => {
  const world = await createWorld(t);
  const prize = { id: "FIVE", total_quota: 5 };
  t.same(await winsPerDay(t, world, prize, 30), [5, 0, 0]);
});

t.test("both null: everyone", async (t) => {
  const world = await createWorld(t);
  t.same(await winsPerDay(t, world, { id: "ALL" }, 30), [30, 30, 30]);
});
