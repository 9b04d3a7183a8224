import t from "tap";
import { fakeTime } from "../support/fake-time.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";
import {
  answered,
  flaws,
  openBrowser,
  redeem,
  seen,
  spin,
  visit,
} from "./browser.js";

const browser = await openBrowser(t);

/** The page with optional parts of the server on, where everybody wins a mug. */
async function open(
  t: Parameters<typeof startServer>[0],
  settings: object,
  options: Parameters<typeof startServer>[2] = {},
) {
  const world = await createWorld(t);
  const server = await startServer(t, world, {
    ...options,
    settings: { PAGE: "on", ...settings },
  });
  await setPrizes(world, [{ id: "MUG" }], server);
  return { world, ...server };
}

t.test("a claim: until when, and expired", async (t) => {
  const time = fakeTime("2099-11-22T12:00:00Z");
  const { url } = await open(t, { CLAIM_DAYS: 1 }, time.options());
  const { page, errors } = await visit(t, browser, url, { timezoneId: "UTC" });
  await spin(page, "ann");
  await answered(page, "You have won!");
  await seen(page, "Redeem it by Tuesday, November 24 at 12:00 AM");
  t.same(await flaws(page), []);
  time.set("2099-11-24T00:00:01Z");
  await redeem(page, "99999999");
  await page.locator(".outcome.expired").waitFor();
  t.equal(await page.getByRole("button", { name: "Redeem" }).count(), 0);
  t.same(await flaws(page), []);
  t.same(errors, []);
});

t.test("users are known by tokens: no draw is made here", async (t) => {
  const { url, world } = await open(t, {
    AUTH_JWT_SECRET: "a secret of thirty-two characters",
    AUTH_ISSUER: "https://issuer.example",
    AUTH_AUDIENCE: "lucky-draw",
  });
  const { page, errors } = await visit(t, browser, url);
  await spin(page, "ann");
  await seen(page, "No draw was made.");
  t.same(await world.sql`select from result`, []);
  t.same(await flaws(page), []);
  t.same(errors, []);
});

t.test("too many requests: it waits as long as it is told to", async (t) => {
  const { url, world } = await open(t, { RATE_LIMIT_USER: 1 });
  const { page, errors } = await visit(t, browser, url);
  await spin(page, "ann");
  await answered(page, "You have won!");
  await redeem(page, "99999999");
  await seen(page, "There are too many requests right now.");
  t.same(await flaws(page), []);
  const [row] = await world.sql`select phone_no from result`;
  t.equal(row?.phone_no, null);
  t.same(errors, []);
});
