import t from "tap";
import { setCampaign } from "../support/set-campaign.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { until } from "../support/until.js";
import { createWorld } from "../support/world.js";
import { ADMIN_PAGE, openAdmin, signIn, turnTo } from "./admin.js";
import { DESKTOP, flaws, openBrowser, seen, visit } from "./browser.js";

// Both pages of a campaign that their address names.

const browser = await openBrowser(t);

t.test(
  "a participant draws twice in the campaign of the address",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world, { settings: ADMIN_PAGE });
    await setPrizes(world, [{ id: "MUG", probability: 0 }], server);
    await setCampaign(
      world,
      { id: "xmas", draws_per_day: 2, ends_at: "2099-12-25T00:00:00Z" },
      [{ id: "CUP", probability: 0 }],
      server,
    );
    const url = `${server.url}/?campaign=xmas`;
    const { page, errors } = await visit(t, browser, url);
    await page.getByRole("heading", { name: "the xmas", level: 1 }).waitFor();
    await page.getByLabel("Your name").fill("ann");
    await page.getByRole("button", { name: "Spin" }).click();
    await seen(page, "Unlucky! Please try again!");
    t.same(await flaws(page), []);
    await page.getByRole("button", { name: /Draw again/ }).click();
    await seen(page, "Unlucky! Please try again tomorrow!");
    t.equal(await page.getByRole("button", { name: /Draw again/ }).count(), 0);
    t.equal(await page.getByRole("timer").count(), 1);
    const [row] = await world.sql`select count(*)::int as n from result`;
    t.equal(row?.n, 0);
    const { keys, clock } = server.campaigns.lane("xmas");
    const taken = keys.takenToday(clock.today().date);
    t.equal(await world.redis.hget(taken, "@draws"), "2", "not in another one");
    t.same(errors, []);
  },
);

t.test("before the start the page says when it is", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, { settings: ADMIN_PAGE });
  await setCampaign(
    world,
    { id: "soon", starts_at: "2099-12-24T12:00:00Z" },
    [{ id: "CUP" }],
    server,
  );
  const url = `${server.url}/?campaign=soon`;
  const { page } = await visit(t, browser, url);
  await page.getByLabel("Your name").fill("ann");
  await page.getByRole("button", { name: "Spin" }).click();
  await page.getByText(/The draw has not started yet.*December 24/).waitFor();
});

t.test(
  "an administrator makes a campaign, changes its rules, and turns to it",
  async (t) => {
    const { page, world, campaigns, errors } = await openAdmin(t, browser, {
      visitor: { viewport: DESKTOP },
    });
    await signIn(page, "Ann");
    t.equal(await page.locator("#campaign").count(), 0, "there is one");
    await turnTo(page, "Rules");
    await page.getByLabel("Id").fill("xmas");
    await page.locator("#new-campaign-title").fill("Christmas");
    await page.getByRole("button", { name: "Make it" }).click();
    await seen(
      page,
      "xmas is made, inactive. Choose it above, and give it prizes and dates.",
    );
    await page.locator("#campaign").selectOption("xmas");
    await page.waitForURL(/campaign=xmas/);
    await turnTo(page, "Rules");
    await page.getByLabel("Draws a day").fill("3");
    await page.getByLabel("Active").check();
    await page.getByRole("button", { name: "Save the rules" }).click();
    await seen(page, "Saved, in force at all servers within two seconds.");
    const [row] = await world.sql`select * from campaign where id = 'xmas'`;
    t.match(row, {
      title: "Christmas",
      draws_per_day: 3,
      active: true,
      frozen: false,
    });
    t.equal(campaigns.lane("xmas").held.campaign.draws_per_day, 3);
    await page.getByLabel("Names in what is published").selectOption("open");
    await page.getByRole("button", { name: "Save the rules" }).click();
    const open = await until("the names", async () => {
      const [row] = await world.sql`select * from campaign where id = 'xmas'`;
      if (row?.proof_names !== "open") throw new Error("sealed");
      return row;
    });
    t.match(open, { proof_names: "open", verifiable: false });
    await page.getByLabel(/^Verifiable/).check();
    await page.getByRole("button", { name: "Save the rules" }).click();
    await page.getByText(/^verifiable: needs the setting PROOF_KEY/).waitFor();
    await page.getByLabel(/^Verifiable/).uncheck();
    await page.getByLabel("End", { exact: true }).fill("some day");
    await page.getByRole("button", { name: "Save the rules" }).click();
    await page.getByText(/^ends_at: must be a moment/).waitFor();
    t.same(await flaws(page), []);
    await turnTo(page, "History");
    await page.getByText("New campaign.").waitFor();
    await page.getByText("draws a day 1 →").waitFor();
    t.same(errors, []);
  },
);
