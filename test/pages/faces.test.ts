import t from "tap";
import { PARTS, systemRandom } from "../../src/random.js";
import { fakeTime } from "../support/fake-time.js";
import { post } from "../support/post.js";
import { type PrizeRow, setPrizes } from "../support/set-prizes.js";
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

const PAGE = { PAGE: "on" } as const;
const SURE = [{ id: "MUG", probability: 1 }];
const NEVER = [{ id: "MUG", probability: 0 }];
const browser = await openBrowser(t);

/** The page on a server with these prizes. */
async function open(
  t: Parameters<typeof startServer>[0],
  prizes: PrizeRow[],
  options: Parameters<typeof startServer>[2] = {},
) {
  const world = await createWorld(t);
  const settings = { ...PAGE, ...options.settings };
  const server = await startServer(t, world, { ...options, settings });
  await setPrizes(world, prizes, server);
  return { world, ...server };
}

t.test("the fallback has what would be no prize", async (t) => {
  const { url, world, prizes } = await open(t, [
    { id: "CUP", probability: 0.25, daily_quota: 0 },
    { id: "PEN", probability: 0, daily_quota: 1, fallback: true },
  ]);
  const { page, errors } = await visit(t, browser, url);
  await page.getByText("Odds and prizes left").click();
  await page.getByRole("row", { name: "a PEN 75% 1 of 1" }).waitFor();
  t.equal(await page.getByRole("row", { name: "No prize" }).count(), 0);
  await seen(page, "The chance of a prize that is sold out goes to a PEN.");
  await spin(page, "ann");
  await answered(page, "You have won!");
  const [row] = await world.sql`select prize_id from result`;
  t.equal(row?.prize_id, "PEN");
  t.same(await flaws(page), []);

  // All odds are given away, and one prize is gone: then what comes instead is on the wheel, too.
  await world.sql`update prize set probability = 1, daily_quota = 0 where id = 'CUP'`;
  await world.sql`update prize set daily_quota = 9 where id = 'PEN'`;
  await prizes.reload();
  const { page: other } = await visit(t, browser, url);
  await spin(other, "bob");
  await answered(other, "You have won!");
  t.same(errors, []);
});

t.test("won, and redeemed with a phone number right there", async (t) => {
  const { url, world } = await open(t, SURE);
  const { page, errors } = await visit(t, browser, url);
  await spin(page, "ann");
  await answered(page, "You have won!");
  await seen(page, "Congratulations! You have won a a MUG!");
  t.equal(await page.evaluate("document.activeElement.tagName"), "H2");
  t.same(await flaws(page), []);

  await redeem(page, "12");
  await seen(page, /^Must be a valid phone number/);
  t.equal(
    await page.getByLabel("Phone number").getAttribute("aria-invalid"),
    "true",
  );
  t.same(await flaws(page), []);

  await redeem(page, "9999 9999");
  await seen(page, "You have successfully redeemed your prize.");
  const [row] = await world.sql`select user_id, phone_no from result`;
  t.same(row, { user_id: "ann", phone_no: "+85299999999" });
  t.equal(await page.getByRole("button", { name: "Redeem" }).count(), 0);
  t.notMatch(await page.evaluate("JSON.stringify(localStorage)"), "9999");
  t.same(await flaws(page), []);
  t.same(errors, []);
});

t.test("no prize, with the time until the next draw", async (t) => {
  const { url } = await open(t, NEVER);
  const { page, errors } = await visit(t, browser, url);
  await spin(page, "ann");
  await answered(page, "No prize today");
  await seen(page, "Unlucky! Please try again tomorrow!");
  t.match(await page.getByRole("timer").textContent(), /^\d\d:\d\d:\d\d$/);
  t.same(await flaws(page), []);
  t.same(errors, []);
});

t.test(
  "already drawn today: counts down in the visitor's own zone to the next draw",
  async (t) => {
    const time = fakeTime("2099-11-22T15:59:00Z");
    const { url, draw } = await open(t, NEVER, {
      timeZone: "Asia/Hong_Kong",
      ...time.options(),
    });
    await draw("ann");
    const { page, errors, context } = await visit(t, browser, url, {
      timezoneId: "America/New_York",
    });
    await context.clock.install({ time: "2099-11-22T15:59:00Z" });
    await page.reload();
    await spin(page, "ann");
    await answered(page, "Already drawn today");
    await seen(page, "You have already participated.");
    await seen(page, "Sunday, November 22 at 11:00 AM");
    const left = async () => {
      const text = (await page.getByRole("timer").textContent()) ?? "";
      const [hours = 0, minutes = 0, seconds = 0] = text.split(":").map(Number);
      return (hours * 60 + minutes) * 60 + seconds;
    };
    const before = await left();
    await context.clock.runFor(10_000);
    t.ok(before - (await left()) >= 9, "it counts down");
    t.same(await flaws(page), []);
    time.set("2099-11-22T16:00:01Z");
    await context.clock.runFor(60_000);
    await spin(page, "ann");
    await answered(page, "No prize today");
    t.same(errors, []);
  },
);

t.test("a bad name: what is wrong with it, beside the field", async (t) => {
  const { url, world } = await open(t, SURE);
  const { page, errors } = await visit(t, browser, url);
  await spin(page, "x".repeat(65));
  await seen(page, /^Must have 1 to 64 characters/);
  const field = page.getByLabel("Your name");
  t.equal(await field.getAttribute("aria-invalid"), "true");
  t.equal(await page.evaluate("document.activeElement.id"), "username");
  t.match(
    await page.locator("#username-mistake").textContent(),
    /^Must have 1 to 64/,
  );
  t.same(await flaws(page), []);
  t.same(await world.sql`select from result`, []);

  await spin(page, "ann");
  await answered(page, "You have won!");
  t.same(errors, []);
});

t.test("redeemed with another number", async (t) => {
  const { url, world } = await open(t, SURE);
  const { page, errors } = await visit(t, browser, url);
  await spin(page, "ann");
  await answered(page, "You have won!");
  const [row] = await world.sql`select id from result`;
  await post(`${url}/redeem`, {
    id: row?.id,
    username: "ann",
    phone_no: "+85298765432",
  });
  await redeem(page, "99999999");
  await page.locator(".outcome.taken").waitFor();
  t.match(
    await page.locator(".outcome.taken").textContent(),
    /another phone number/,
  );
  t.same(await flaws(page), []);
  await redeem(page, "98765432");
  await seen(page, "You have successfully redeemed your prize.");
  t.same(errors, []);
});

t.test("a win stays until it is redeemed, over days", async (t) => {
  const { url, world } = await open(t, SURE);
  const { page, openTab, errors } = await visit(t, browser, url);
  await spin(page, "ann");
  await answered(page, "You have won!");
  await page.close();

  const later = await openTab();
  await later.clock.install({ time: Date.now() + 3 * 86_400_000 });
  await later.reload();
  await later.getByRole("heading", { name: "Your prizes" }).waitFor();
  await seen(later, "a MUG");
  await redeem(later, "99999999");
  await seen(later, "You have successfully redeemed your prize.");
  const [row] = await world.sql`select phone_no from result`;
  t.equal(row?.phone_no, "+85299999999");
  await later.clock.runFor(86_400_000);
  await later.reload();
  await later.getByLabel("Your name").waitFor();
  t.equal(await later.getByText("Your prizes").count(), 0);
  t.same(errors, []);
});

t.test("the wheel stops where the server decided", async (t) => {
  const ends = ["CUP", "MUG", "PEN", "TOY", ""];
  let roll = 0;
  const random = { ...systemRandom, roll: () => roll };
  const prizes = ends
    .filter((id) => id !== "")
    .map((id) => ({ id, probability: 0.2 }));
  const { url } = await open(t, prizes, { random });
  const { page, errors } = await visit(t, browser, url, {
    reducedMotion: "no-preference",
  });
  await page.getByText("Odds and prizes left").first().click();
  for (const [n, end] of ends.entries()) {
    roll = 0.2 * PARTS * n;
    await page.getByLabel("Wheel in proportion to the odds").click();
    await spin(page, `user ${n}`);
    await page.locator(`.disc[data-points-at="${end}"]`).waitFor();
    await answered(page, end ? "You have won!" : "No prize today");
    const disc = page.locator(".disc");
    t.equal(await disc.getAttribute("data-points-at"), end, end);
    await page.getByRole("button", { name: "another name" }).click();
  }
  t.same(errors, []);
});

t.test(
  "a prize that sold out a moment ago: the wheel shows the no prize it became",
  async (t) => {
    const { url, draw } = await open(t, [{ id: "MUG", total_quota: 1 }]);
    const { page, errors } = await visit(t, browser, url);
    await page.locator(".disc canvas").waitFor();
    await draw("somebody faster");
    await spin(page, "ann");
    await answered(page, "No prize today");
    await page.locator('.disc[data-points-at=""]').waitFor();
    t.same(errors, []);
  },
);

t.test("odds and what is left, one tap away; sold out said so", async (t) => {
  const { url } = await open(t, [
    { id: "CUP", probability: "0.0125", daily_quota: 3, total_quota: 1200 },
    { id: "MUG", probability: 0.5, total_quota: 0 },
    { id: "PEN", probability: 0.25 },
  ]);
  const { page, errors } = await visit(t, browser, url);
  await page.getByText("Odds and prizes left").first().click();
  const rows = await page.locator("tbody tr").allInnerTexts();
  t.same(
    rows.map((row) => row.split(/\t/).map((cell) => cell.trim())),
    [
      ["a CUP", "1.25%", "3 of 3", "1,200 of 1,200"],
      ["a MUG sold out", "50%", "0", "0 of 0"],
      ["a PEN", "25%", "unlimited", "unlimited"],
      ["No prize", "23.75%", "", ""],
    ],
  );
  await page.getByLabel("Wheel in proportion to the odds").uncheck();
  t.same(await flaws(page), []);
  t.same(errors, []);
});
