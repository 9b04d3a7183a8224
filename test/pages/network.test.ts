import type { Page } from "playwright-core";
import t from "tap";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { startStores } from "../support/stores.js";
import { createWorld, ownWorld } from "../support/world.js";
import {
  answered,
  flaws,
  openBrowser,
  redeem,
  seen,
  spin,
  visit,
} from "./browser.js";

const settings = { PAGE: "on" } as const;
const browser = await openBrowser(t);

/** The page on a server where everybody wins a mug. */
async function open(t: Parameters<typeof startServer>[0]) {
  const world = await createWorld(t);
  const server = await startServer(t, world, { settings });
  await setPrizes(world, [{ id: "MUG" }], server);
  return { world, ...server };
}

/** The Idempotency-Key of every draw that a tab asks for from now on. */
function keysOf(page: Page): string[] {
  const keys: string[] = [];
  page.on("request", (request) => {
    const key = request.headers()["idempotency-key"];
    if (key) keys.push(key);
  });
  return keys;
}

t.test(
  "stores away: it says so, tries again by itself with the same key, and has the answer",
  async (t) => {
    const stores = await startStores();
    t.teardown(stores.close);
    const world = ownWorld(t, stores);
    const server = await startServer(t, world, { settings });
    await setPrizes(world, [{ id: "MUG" }], server);
    const { page, errors } = await visit(t, browser, server.url);
    const keys = keysOf(page);

    await stores.redis.stop();
    await spin(page, "ann");
    await seen(page, "The service is not answering right now.");
    t.same(await flaws(page), []);
    await page.waitForResponse((response) => response.status() === 503);
    await stores.redis.start();
    await answered(page, "You have won!");
    t.ok(keys.length >= 2, `${keys.length} tries`);
    t.equal(new Set(keys).size, 1, "one key");

    await stores.postgres.stop();
    await redeem(page, "99999999");
    await seen(page, "The service is not answering right now.");
    t.same(await flaws(page), []);
    await stores.postgres.start();
    await seen(page, "You have successfully redeemed your prize.");
    const [row] =
      await world.sql`select count(*)::int, max(phone_no) from result`;
    t.same(row, { count: 1, max: "+85299999999" });
    t.same(errors, []);
  },
);

t.test("offline, and back", async (t) => {
  const { url, world } = await open(t);
  const { context, page, errors } = await visit(t, browser, url);
  const keys = keysOf(page);
  await context.setOffline(true);
  await spin(page, "ann");
  await seen(page, "You are offline.");
  t.same(await flaws(page), []);
  t.same(await world.sql`select from result`, []);
  await context.setOffline(false);
  await answered(page, "You have won!");
  t.equal(new Set(keys).size, 1, "one key");
  t.same(errors, []);
});

t.test("no more trying, and another name", async (t) => {
  const { url, world } = await open(t);
  const { context, page, errors } = await visit(t, browser, url);
  await context.setOffline(true);
  await spin(page, "a typing error");
  await page.getByRole("button", { name: "Stop trying" }).click();
  await context.setOffline(false);
  await spin(page, "ann");
  await answered(page, "You have won!");
  const rows = await world.sql`select user_id from result`;
  t.same(rows, [{ user_id: "ann" }]);
  t.same(errors, []);
});

t.test(
  "a tab closed before the answer came: the next visit has it, by the same key",
  async (t) => {
    const { url, world } = await open(t);
    const { context, page, openTab, errors } = await visit(t, browser, url);
    const keys = keysOf(page);
    // The server draws, and its answer gets lost.
    await context.route("**/draw", async (route) => {
      await route.fetch();
      await page.close();
    });
    await spin(page, "ann");
    await page.waitForEvent("close");
    t.equal((await world.sql`select from result`).length, 1);

    await context.unroute("**/draw");
    const later = await openTab();
    await answered(later, "You have won!");
    const [pending] = keys;
    t.equal(keys.length, 1);
    t.ok(pending);
    t.equal(await later.evaluate("localStorage['lucky-draw:pending']"), "[]");
    t.equal((await world.sql`select from result`).length, 1);
    await redeem(later, "99999999");
    await seen(later, "You have successfully redeemed your prize.");
    t.same(errors, []);
  },
);

t.test(
  "half of the page lost on its way: it loads again, and has the answer",
  async (t) => {
    const { url, world } = await open(t);
    const { context, openTab, errors } = await visit(t, browser, url);
    await context.route("**/later.js", (route) => route.abort());
    const page = await openTab();
    const decided = page.waitForResponse("**/draw");
    await spin(page, "ann");
    await decided;
    await context.unroute("**/later.js");
    await answered(page, "You have won!");
    t.equal((await world.sql`select from result`).length, 1);
    t.same(errors, []);
  },
);

t.test("two tabs at once: one draw, and the win is in both", async (t) => {
  const { url, world } = await open(t);
  const { page, openTab, errors } = await visit(t, browser, url);
  const other = await openTab();
  await Promise.all([spin(page, "ann"), spin(other, "ann")]);
  for (const tab of [page, other]) {
    await tab.locator(".answer").waitFor();
    await tab.getByLabel("Phone number").waitFor();
  }
  t.equal((await world.sql`select from result`).length, 1);
  await redeem(page, "99999999");
  for (const tab of [page, other]) {
    await seen(tab, "You have successfully redeemed your prize.");
  }
  t.same(errors, []);
});
