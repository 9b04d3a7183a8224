import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import type { BrowserContextOptions, Page } from "playwright-core";
import { createServer } from "../../src/server.js";
import {
  filesOf,
  linesOf,
  planDay,
  prizeOf,
  receiptOf,
} from "../support/made-day.js";
import { createOwner } from "../support/owner.js";
import { type Days, serveDays } from "../support/serve-days.js";
import { startStores } from "../support/stores.js";
import { DESKTOP, openBrowser, PHONE, visit } from "./browser.js";
import { checkDay, checkReceipt } from "./verify.js";

/** `npm run screenshots`: the page that checks draws, into the folder beside this file. */
const FOLDER = fileURLToPath(new URL("screenshots/", import.meta.url));

const DAY = "2026-11-28";
const owner = createOwner();
const stores = await startStores("embedded");
owner.teardown(stores.close);
const server = createServer(
  { TIME_ZONE: "UTC", DEFAULT_COUNTRY: "HK", PAGE: "on" },
  {
    databaseUrl: stores.postgres.url,
    redisUrl: stores.redis.url,
    log: pino({ level: "silent" }),
    samplePrizes: true,
  },
);
owner.teardown(server.close);
await server.open();
const inner = await server.app.listen({ host: "127.0.0.1", port: 0 });

const plan = planDay({
  people: 20_000,
  prizes: [
    prizeOf("TWO_DOLLAR", 500_000_000, { daily_quota: 5_000 }),
    prizeOf("FIVE_DOLLAR", 600_000_000, { daily_quota: 500 }),
    prizeOf("BUY_1_GET_1", 620_000_000, { daily_quota: 200 }),
  ],
});
const lines = linesOf(plan);
const days: Days = new Map([[`default/${DAY}`, filesOf(plan, lines)]]);
const url = `${await serveDays(owner, inner, days)}/verify/`;
const browser = await openBrowser(owner);
await mkdir(FOLDER, { recursive: true });

/** One picture of one state, with a visitor of its own. */
async function picture(
  name: string,
  options: BrowserContextOptions,
  reach: (page: Page) => Promise<void>,
): Promise<void> {
  const { page, context } = await visit(owner, browser, url, options);
  await reach(page);
  const path = `${FOLDER}verify-${name}.jpg`;
  // What it can't show has no state of its own: it stands in one picture only.
  const clip = await page.locator(".about").boundingBox();
  const height = (name === "start" ? undefined : clip?.y) ?? 0;
  const size = page.viewportSize() ?? DESKTOP;
  await page.screenshot({
    ...{ path, type: "jpeg", quality: 75, fullPage: true },
    ...(height > 0 && { clip: { x: 0, y: 0, width: size.width, height } }),
  });
  await context.close();
}

const receipt = receiptOf(plan, lines, 17_000);
await picture("start", { viewport: DESKTOP }, async () => {});
await picture("held", { viewport: DESKTOP }, (page) => checkDay(page, DAY));
await picture("draw", { viewport: PHONE }, async (page) => {
  await checkReceipt(page, receipt);
  await page.getByRole("button", { name: /whole day/ }).click();
  await page.locator(".odds-bar").waitFor();
});
const roll = lines[17_000]?.split("\t")[5] ?? "";
const wrong = lines.with(
  17_000,
  (lines[17_000] ?? "").replace(`\t${roll}\t`, "\t7\t"),
);
days.set(`default/${DAY}`, filesOf(plan, wrong));
await picture(
  "wrong-dark",
  { viewport: DESKTOP, colorScheme: "dark" },
  (page) => checkDay(page, DAY),
);
await owner.end();
