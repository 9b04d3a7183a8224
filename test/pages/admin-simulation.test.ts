import t from "tap";
import { until } from "../support/until.js";
import { field, openAdmin, signIn, turnTo } from "./admin.js";
import { DESKTOP, flaws, openBrowser, seen } from "./browser.js";

const browser = await openBrowser(t);

/** Whether the chart has anything on it, as the browser is asked. */
const IS_DRAWN = `(() => {
  const canvas = document.querySelector(".simulation canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value) => value > 0);
})()`;

/** The view with prizes of 10 % each, of which 50 cups can be won in a day. */
async function openSimulation(t: Parameters<typeof openAdmin>[0]) {
  const opened = await openAdmin(t, browser, {
    prizes: [
      { id: "CUP", probability: 0.1, daily_quota: 50 },
      { id: "MUG", probability: 0.1 },
    ],
    visitor: { viewport: DESKTOP },
  });
  await signIn(opened.page);
  await turnTo(opened.page, "Prizes");
  await field(opened.page, "CUP", "Odds").waitFor();
  const { page } = opened;
  const simulate = async (draws: number) => {
    await page.getByLabel("Draws in the day").fill(String(draws));
    await page.getByRole("button", { name: "Simulate" }).click();
  };
  const rows = page.locator(".simulation tbody tr");
  return { ...opened, simulate, rows };
}

t.test("a day with the prizes as published, and as edited", async (t) => {
  const { page, simulate, rows, world, errors } = await openSimulation(t);
  await simulate(5_000);
  await seen(page, "with the prizes as published:");
  const published = await rows.allInnerTexts();
  t.match(published[0], /^a CUP\s+50\s+1%\s+at draw \d+$/);
  t.match(published[1], /^a MUG\s+\d+\s+[\d.]+%\s+no$/);
  t.match(published[2], /^No prize/);

  await field(page, "CUP", "Daily quota").fill("");
  await field(page, "CUP", "Odds").fill("100");
  await seen(page, "10% too much");
  t.equal(
    await page
      .getByRole("button", { name: "Simulate" })
      .getAttribute("aria-disabled"),
    "true",
  );
  await field(page, "MUG", "Odds").fill("0");
  await simulate(5_000);
  await seen(page, "with the prizes as edited:");
  t.match((await rows.allInnerTexts())[0], /^a CUP\s+5,000\s+100%\s+no$/);

  const canvas = page.locator(".simulation canvas");
  await canvas.waitFor();
  await until("a drawing", async () => {
    if (!(await page.evaluate(IS_DRAWN))) throw new Error("it is blank");
  });
  t.same(await flaws(page), []);
  t.same(await world.sql`select 1 from result`, [], "nothing was won");
  const [cup] = await world.sql`select probability from prize where id = 'CUP'`;
  t.equal(cup?.probability, "0.1", "nothing was saved");
  t.same(errors, []);
});

t.test("one at a time; its progress is shown; it can be stopped", async (t) => {
  const { page, simulate, openTab, errors } = await openSimulation(t);
  await simulate(200_000);
  const bar = page.getByRole("progressbar", { name: "Simulation" });
  await bar.waitFor();
  await until("progress", async () => {
    const done = Number(await bar.getAttribute("value"));
    if (!(done > 0)) throw new Error(`${done} draws`);
  });
  const other = await openTab();
  await signIn(other);
  await turnTo(other, "Prizes");
  await other.getByRole("button", { name: "Simulate" }).click();
  await other.locator(".simulation .note").waitFor();
  t.match(await other.locator(".simulation .note").textContent(), /simulation/);

  await page.getByRole("button", { name: "Stop" }).click();
  await seen(page, "Stopped.");
  t.equal(await bar.count(), 0);
  await simulate(1_000);
  await seen(page, "A day of 1,000 draws");
  t.same(errors, []);
});
