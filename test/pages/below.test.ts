import t from "tap";
import { startNginxBelow } from "../support/nginx.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";
import { ADMIN_PAGE, signIn, turnTo } from "./admin.js";
import { answered, openBrowser, redeem, seen, spin, visit } from "./browser.js";

const browser = await openBrowser(t);

/** A server below a path of a real nginx, which has nothing else. */
async function open(t: Parameters<typeof startServer>[0]) {
  const world = await createWorld(t);
  const server = await startServer(t, world, { settings: ADMIN_PAGE });
  await setPrizes(world, [{ id: "MUG" }], server);
  const root = await startNginxBelow(t, "/promo/", server.url);
  return { world, root };
}

t.test("below another path a participant draws and redeems", async (t) => {
  const { world, root } = await open(t);
  const { page, errors } = await visit(t, browser, root);
  await spin(page, "ann");
  await answered(page, "You have won!");
  await redeem(page, "99999999");
  await seen(page, /successfully redeemed/);
  const rows = await world.sql`select user_id, phone_no from result`;
  t.same([...rows], [{ user_id: "ann", phone_no: "+85299999999" }]);
  const kept = await page.evaluate("Object.keys(localStorage)");
  t.same(kept, ["lucky-draw:pending/promo/", "lucky-draw:wins/promo/"].sort());
  t.same(errors, []);
});

t.test("and an administrator has every view", async (t) => {
  const { root } = await open(t);
  const { page, errors } = await visit(t, browser, `${root}admin/`);
  const missed: string[] = [];
  page.on("response", (answer) => {
    if (answer.status() >= 400) missed.push(answer.url());
  });
  await signIn(page);
  for (const view of ["Prizes", "Winners", "History", "Today"]) {
    await turnTo(page, view);
  }
  t.same(missed, []);
  t.same(errors, []);
});

t.test("and the API is tried where it is", async (t) => {
  const { root } = await open(t);
  for (const path of ["docs", "docs/"]) {
    const context = await browser.newContext();
    t.teardown(() => context.close());
    const page = await context.newPage();
    await page.goto(root + path);
    await page.locator("#operations-prizes-listPrizes").click();
    const answer = page.waitForResponse((it) => it.url().endsWith("/prizes"));
    await page.getByRole("button", { name: "Execute" }).click();
    t.equal((await answer).url(), `${root}prizes`);
    t.equal((await answer).status(), 200, path);
  }
});
