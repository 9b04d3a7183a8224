import t from "tap";
import { keys } from "../../src/stores/keys.js";
import { fakeTime } from "../support/fake-time.js";
import { post } from "../support/post.js";
import { startProcess } from "../support/server-process.js";
import { setPrizes } from "../support/set-prizes.js";
import { bound } from "../support/slowdown.js";
import { startServer } from "../support/start-server.js";
import { startStores } from "../support/stores.js";
import { until } from "../support/until.js";
import { createWorld, ownWorld } from "../support/world.js";
import { ADMIN_PAGE, openAdmin, signIn, tile } from "./admin.js";
import { flaws, openBrowser, seen, visit } from "./browser.js";

const browser = await openBrowser(t);

t.test("a draw is on the screen within two seconds", async (t) => {
  const { page, url, world, draw, errors } = await openAdmin(t, browser, {
    prizes: [{ id: "MUG", daily_quota: 10, total_quota: 20 }],
  });
  await signIn(page);
  t.equal(await tile(page, "Draws").textContent(), "0");
  for (let n = 1; n <= 3; n += 1) {
    await draw(`user-${n}`);
    const drawn = performance.now();
    await tile(page, "Draws").getByText(String(n), { exact: true }).waitFor();
    const delay = performance.now() - drawn;
    t.ok(delay < bound(2_000), `${Math.round(delay)} ms`);
  }
  const mug = page.locator("li[data-prize=MUG]");
  await mug.getByText("7 of 10 left today").waitFor();
  await mug.getByText("17 of 20 left in all").waitFor();
  t.equal(await tile(page, "Wins").textContent(), "3");
  await seen(page, "every win is in Postgres");

  const [row] = await world.sql`select id from result where user_id = 'user-1'`;
  await post(`${url}/redeem`, { id: row?.id, username: "user-1" });
  await tile(page, "Redeemed").getByText("1", { exact: true }).waitFor();
  await post(`${url}/draw`, { username: "" });
  await seen(page, "1 × invalid request");
  t.same(await flaws(page), []);
  t.same(errors, []);
});

t.test("two tabs at once show the same", async (t) => {
  const { page, openTab, draw, errors } = await openAdmin(t, browser);
  const other = await openTab();
  await signIn(page);
  await signIn(other);
  await draw("ann");
  for (const tab of [page, other]) {
    await tile(tab, "Wins").getByText("1", { exact: true }).waitFor();
  }
  t.same(errors, []);
});

t.test("what is to be expected of a prize", async (t) => {
  const { page, draw } = await openAdmin(t, browser, {
    prizes: [{ id: "MUG", daily_quota: 1, total_quota: 5 }],
  });
  await signIn(page);
  await draw("ann");
  const mug = page.locator("li[data-prize=MUG]");
  await mug.getByText("0 of 1 left today").waitFor();
  await mug.locator(".warning").waitFor();
  t.equal(await mug.locator(".warning").textContent(), "Sold out for today.");
  t.same(await flaws(page), []);
});

t.test("reconnects by itself when the server was restarted", async (t) => {
  const world = await createWorld(t);
  const first = await startProcess(t, world, ADMIN_PAGE);
  const { page, errors } = await visit(t, browser, `${first.url}/admin/`);
  await setPrizes(world, [{ id: "MUG" }]);
  await signIn(page);
  await first.end("SIGKILL");
  await seen(page, "Connection lost; trying again…");
  t.equal(await tile(page, "Draws").textContent(), "0");
  t.same(await flaws(page), []);
  const PORT = new URL(first.url).port;
  const second = await startProcess(t, world, { ...ADMIN_PAGE, PORT });
  await post(`${second.url}/draw`, { username: "ann" });
  await page.getByText("Live", { exact: true }).waitFor();
  await tile(page, "Draws").getByText("1", { exact: true }).waitFor();
  t.same(errors, []);
});

t.test("a store that is away is told, with the last figures", async (t) => {
  const stores = await startStores();
  t.teardown(stores.close);
  const world = ownWorld(t, stores);
  const server = await startServer(t, world, { settings: ADMIN_PAGE });
  await setPrizes(world, [{ id: "MUG" }], server);
  const { page, errors } = await visit(t, browser, `${server.url}/admin/`);
  await signIn(page);
  await stores.redis.stop();
  const problem = page.locator(".note.bad");
  await problem.waitFor();
  t.match(await problem.textContent(), /Redis does not answer.* They are of/);
  t.equal(await tile(page, "Draws").textContent(), "0");
  t.same(await flaws(page), []);
  await stores.redis.start();
  await problem.waitFor({ state: "detached" });
  t.same(errors, []);
});

t.test("a chart of each minute of the last hour", async (t) => {
  const time = fakeTime("2099-11-22T10:00:00Z");
  const { page, draw, redis, errors } = await openAdmin(t, browser, {
    ...time.options(),
    timeZone: "Asia/Hong_Kong",
  });
  await signIn(page);
  await seen(page, "The chart begins after two minutes.");
  for (const minute of [1, 2, 3]) {
    const moment = `2099-11-22T10:0${minute}:00Z`;
    time.set(moment);
    const id = String(Date.parse(moment) / 60_000);
    await until("a sample of the minute", async () => {
      const samples = await redis.xrange(keys.minutes, id, id);
      if (samples.length === 0) throw new Error("none yet");
    });
    if (minute === 2) for (const name of ["ann", "bob"]) await draw(name);
  }
  await seen(page, "The minute before: 2 draws, 2 wins.");
  const chart = page.getByRole("img", { name: /^Draws and wins/ });
  await chart.locator("canvas").waitFor();
  t.same(await flaws(page), []);
  t.same(errors, []);
});
