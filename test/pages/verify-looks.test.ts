import t from "tap";
import {
  filesOf,
  linesOf,
  planDay,
  prizeOf,
  receiptOf,
  tableLine,
} from "../support/made-day.js";
import type { Days } from "../support/serve-days.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";
import { overflow } from "./admin.js";
import {
  DESKTOP,
  flaws,
  openBrowser,
  PHONE,
  seen,
  TABLET,
  visit,
} from "./browser.js";
import {
  checkDay,
  checkReceipt,
  headline,
  openVerify,
  over,
} from "./verify.js";

const DAY = "2026-11-28";
const NAME = `default/${DAY}`;
const browser = await openBrowser(t);

/** A finger's width in CSS pixels, by Apple's and Google's guides. */
const FINGER = 44;

/** Of all that a visitor who checks a receipt and its day downloads, without the day, in bytes as they come over the line. */
const BUDGET = 90_000;

const plan = planDay({
  people: 200,
  prizes: [
    prizeOf("A-Very_Long.Name".repeat(4), 10_000_000, { daily_quota: 1 }),
    prizeOf("MUG", 200_000_000, { daily_quota: 10 }),
    prizeOf("PEN", 400_000_000, { fallback: true, total_quota: 100 }),
  ],
});
const lines = linesOf(plan);
const receipt = receiptOf(plan, lines, 150);
const days: Days = new Map([[NAME, filesOf(plan, lines)]]);
const { home } = await openVerify(t, browser, days);

for (const [name, viewport] of Object.entries({ PHONE, TABLET, DESKTOP })) {
  for (const colorScheme of ["light", "dark"] as const) {
    t.test(`${name}, ${colorScheme}: fits and is accessible`, async (t) => {
      const options = { viewport, colorScheme };
      const { page, errors } = await visit(
        t,
        browser,
        `${home}/verify/`,
        options,
      );
      t.same(await flaws(page), []);
      t.ok((await overflow(page)) <= 0);
      await page.getByText("By which key?").click();
      await checkReceipt(page, receipt);
      t.same(await flaws(page), []);
      t.ok((await overflow(page)) <= 0);
      await page.getByRole("button", { name: /whole day/ }).click();
      await page.locator(".odds-bar").waitFor();
      for (const summary of await page.locator(".steps summary").all()) {
        await summary.click();
      }
      t.same(await flaws(page), []);
      t.ok((await overflow(page)) <= 0);
      const targets = page.locator("button, summary, select, input");
      for (const target of await targets.all()) {
        const box = await target.boundingBox();
        t.ok((box?.height ?? 0) >= FINGER, await target.innerText());
      }
      t.same(errors, []);
    });
  }
}

t.test("keyboard only", async (t) => {
  const { page, errors } = await visit(t, browser, `${home}/verify/`);
  const { keyboard } = page;
  await page.getByLabel("Paste it, or drop its file here").focus();
  await keyboard.insertText(JSON.stringify(receipt));
  await keyboard.press("Tab");
  await keyboard.press("Enter");
  await over(page);
  const focus = () => page.evaluate("document.activeElement.id");
  t.equal(await focus(), "verdict", "it is told what came out");
  await keyboard.press("Tab");
  await keyboard.press("Enter");
  await page.locator(".odds-bar").waitFor();
  t.equal(await focus(), "verdict");
  await keyboard.press("Tab");
  await keyboard.press("Enter");
  await seen(page, "All that was published is signed with one key");
  t.same(errors, []);
});

t.test("what stands in the files is text", async (t) => {
  const SCRIPT = "<img src=x onerror=\"document.title='hacked'\">";
  const hostile = { ...plan.prizes[0], id: SCRIPT } as (typeof plan.prizes)[0];
  const other = planDay({ ...plan, prizes: [hostile] });
  days.set(
    NAME,
    filesOf(
      other,
      [
        tableLine(other, 0, other.begins_at),
        `1\t${other.begins_at + 1}\tD\t${other.pOf("a")}\t1\t1\t${SCRIPT}:1:1\t${SCRIPT}`,
      ],
      { close: { wins: { [SCRIPT]: 2 } } },
    ),
  );
  t.teardown(() => days.set(NAME, filesOf(plan, lines)));
  const { page, errors } = await visit(t, browser, `${home}/verify/`);
  await checkDay(page, DAY);
  t.equal(await headline(page), "Something is wrong with this day");
  await page.getByLabel("The 32 characters").fill(other.pOf("a"));
  await page.getByRole("button", { name: "Show it" }).click();
  await page.locator(".odds-bar").waitFor();
  t.equal(await page.locator("main img").count(), 0);
  t.match(await page.title(), "Check the draws");
  t.ok((await overflow(page)) <= 0);
  t.same(errors, []);
});

t.test("weighs under 90 kB, and all of it is its own", async (t) => {
  const page = await (await browser.newContext()).newPage();
  t.teardown(() => page.context().close());
  const urls: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith("data:")) urls.push(request.url());
  });
  await page.goto(`${home}/verify/`);
  await checkReceipt(page, receipt);
  await page.getByRole("button", { name: /whole day/ }).click();
  await page.locator(".odds-bar").waitFor();
  t.same(
    urls.filter((url) => !url.startsWith(home)),
    [],
  );
  const assets = urls.filter((url) => url.includes("/assets/"));
  t.ok(
    assets.some((url) => url.endsWith("/verify/hashes/sha256.js")),
    "the worker's, too",
  );
  let weight = 0;
  for (const url of new Set(assets)) {
    const headers = { "accept-encoding": "br" };
    const answer = await fetch(url, { headers });
    weight += Number(answer.headers.get("content-length"));
  }
  t.comment(`${new Set(assets).size} files, ${weight} bytes`);
  t.ok(weight > 10_000 && weight < BUDGET, `${weight} bytes`);
});

t.test(
  "under the same policy, at /verify/, and not with PAGE=off",
  async (t) => {
    const answer = await fetch(`${home}/verify`, { redirect: "manual" });
    t.equal(answer.status, 308);
    t.equal(answer.headers.get("location"), "verify/");
    const { headers } = await fetch(`${home}/verify/`);
    const policy = headers.get("content-security-policy") ?? "";
    t.match(policy, "require-trusted-types-for 'script'");
    t.notMatch(policy, "unsafe");
    const off = { settings: { PAGE: "off" } as const };
    const { url } = await startServer(t, await createWorld(t), off);
    t.equal((await fetch(`${url}/verify/`)).status, 404);
  },
);

t.test("a day of 100,000 draws, with a progress bar", async (t) => {
  const many = planDay({ ...plan, people: 100_000 });
  days.set(NAME, filesOf(many, linesOf(many)));
  t.teardown(() => days.set(NAME, filesOf(plan, lines)));
  const { page, errors } = await visit(t, browser, `${home}/verify/`);
  await page.locator("#day").selectOption(DAY);
  const start = performance.now();
  await page.getByRole("button", { name: "Check this day" }).click();
  await seen(page, /^[\d,]+ lines of 100,001$/);
  const bar = page.getByRole("progressbar", { name: "Checking" });
  t.ok(Number(await bar.getAttribute("value")) < 1);
  await over(page);
  const took = performance.now() - start;
  t.equal(await headline(page), "Everything held");
  t.comment(`${Math.round(took)} ms for 100,001 lines`);
  t.same(errors, []);
});
