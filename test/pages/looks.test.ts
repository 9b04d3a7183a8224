import type { Page } from "playwright-core";
import t from "tap";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";
import {
  answered,
  DESKTOP,
  flaws,
  openBrowser,
  PHONE,
  seen,
  spin,
  TABLET,
  visit,
} from "./browser.js";

const browser = await openBrowser(t);
const SCRIPT = "<img src=x onerror=\"document.title='hacked'\">";

/** A finger's width in CSS pixels, by Apple's and Google's guides. */
const FINGER = 44;

/** The page on a server where everybody wins a mug. */
async function open(t: Parameters<typeof startServer>[0], settings = {}) {
  const world = await createWorld(t);
  const server = await startServer(t, world, {
    settings: { PAGE: "on", ...settings },
  });
  await setPrizes(world, [{ id: "MUG" }], server);
  return { world, ...server };
}

/** How far the page is wider than the window, in pixels. */
const overflow = (page: Page) =>
  page.evaluate("document.documentElement.scrollWidth - innerWidth");

for (const [name, viewport] of Object.entries({ PHONE, TABLET, DESKTOP })) {
  for (const colorScheme of ["light", "dark"] as const) {
    t.test(`${name}, ${colorScheme}: fits and is accessible`, async (t) => {
      const { url } = await open(t);
      const { page, errors } = await visit(t, browser, url, {
        viewport,
        colorScheme,
      });
      await page.getByText("Odds and prizes left").first().click();
      t.same(await flaws(page), []);
      t.ok(Number(await overflow(page)) <= 0);
      await spin(page, "ann");
      await answered(page, "You have won!");
      t.same(await flaws(page), []);
      t.ok(Number(await overflow(page)) <= 0);
      const targets = page.locator("button, summary, input:not([role=switch])");
      for (const target of await targets.all()) {
        const box = await target.boundingBox();
        t.ok((box?.height ?? 0) >= FINGER, await target.innerText());
      }
      t.same(errors, []);
    });
  }
}

t.test("keyboard only", async (t) => {
  const { url, world } = await open(t);
  const { page, errors } = await visit(t, browser, url);
  await page.getByText("Odds and prizes left").waitFor();
  const { keyboard } = page;
  await keyboard.press("Tab");
  await keyboard.type("ann");
  await keyboard.press("Enter");
  await answered(page, "You have won!");
  await keyboard.press("Tab");
  await keyboard.type("99999999");
  await keyboard.press("Tab");
  await keyboard.press("Space");
  await seen(page, "You have successfully redeemed your prize.");
  t.same(await world.sql`select user_id, phone_no from result`, [
    { user_id: "ann", phone_no: "+85299999999" },
  ]);
  await keyboard.press("Tab");
  await keyboard.press("Enter");
  await page.getByLabel("Your name").waitFor();
  await page.getByLabel("Your name").focus();
  await keyboard.press("Tab");
  await keyboard.press("Tab");
  t.match(
    await page.evaluate("document.activeElement.textContent"),
    "Odds and prizes left",
  );
  await keyboard.press("Enter");
  await page.getByRole("table").waitFor();
  t.same(errors, []);
});

t.test("reduced motion: the answer at once; else after the spin", async (t) => {
  const { url } = await open(t);
  for (const reducedMotion of ["reduce", "no-preference"] as const) {
    const { page, errors } = await visit(t, browser, url, { reducedMotion });
    await page.locator(".disc canvas").waitFor();
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 60_000);
    const decided = page.waitForResponse("**/draw");
    await spin(page, reducedMotion);
    await (await decided).finished();
    const heading = page.locator(".answer h2");
    // The page's own steps take frames, not seconds.
    for (let n = 0; n < 10; n += 1) await page.clock.runFor(100);
    t.equal(await heading.count(), reducedMotion === "reduce" ? 1 : 0);
    await page.clock.runFor(5_000);
    await heading.waitFor();
    t.same(errors, []);
  }
});

t.test("hostile titles and names are text", async (t) => {
  const { url, world, prizes } = await open(t, { PAGE_TITLE: SCRIPT });
  const long = SCRIPT.padEnd(120, "W");
  await world.sql`update prize set title = ${long}`;
  await prizes.reload();
  const { page, errors } = await visit(t, browser, url);
  await page.getByText("Odds and prizes left").first().click();
  await seen(page, long);
  await spin(page, SCRIPT);
  await answered(page, "You have won!");
  t.match(await page.locator(".answer .sentence").textContent(), long);
  t.equal(await page.locator(".answer .for").textContent(), SCRIPT);
  t.equal(await page.locator("h1").textContent(), SCRIPT);
  t.equal(await page.title(), SCRIPT);
  t.equal(await page.locator("main img").count(), 0);
  t.ok(Number(await overflow(page)) <= 0);
  t.same(await flaws(page), []);

  // What the policy is there for: markup that got in all the same does nothing.
  const injected = await page.evaluate(
    "try { document.body.innerHTML = '<b>'; 'in' } catch { 'kept out' }",
  );
  t.equal(injected, "kept out");
  t.match(errors, [/This document requires 'TrustedHTML'/]);
});
