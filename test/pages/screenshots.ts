import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import type { BrowserContextOptions, Page } from "playwright-core";
import { PARTS, systemRandom } from "../../src/random.js";
import { createServer } from "../../src/server.js";
import { createOwner } from "../support/owner.js";
import { post } from "../support/post.js";
import { startStores } from "../support/stores.js";
import {
  answered,
  DESKTOP,
  openBrowser,
  PHONE,
  redeem,
  seen,
  spin,
  TABLET,
  visit,
} from "./browser.js";

/** `npm run screenshots`: every face of the page with the sample prizes, into the folder beside this file. */
const FOLDER = fileURLToPath(new URL("screenshots/", import.meta.url));

/** Rolls that end with a $2 coupon and with nothing. */
const COUPON = 0.81 * PARTS;
const NO_PRIZE = 0.999 * PARTS;

const owner = createOwner();
const stores = await startStores("embedded");
owner.teardown(stores.close);
let roll = NO_PRIZE;
const server = createServer(
  { TIME_ZONE: "Asia/Hong_Kong", DEFAULT_COUNTRY: "HK", PAGE: "on" },
  {
    databaseUrl: stores.postgres.url,
    redisUrl: stores.redis.url,
    log: pino({ level: "silent" }),
    samplePrizes: true,
    random: { ...systemRandom, roll: () => roll },
  },
);
owner.teardown(server.close);
await server.open();
const url = await server.app.listen({ host: "127.0.0.1", port: 0 });
const browser = await openBrowser(owner);
await mkdir(FOLDER, { recursive: true });

const DARK = { colorScheme: "dark" } as const;

/** One picture of one state, with a visitor of its own. */
async function picture(
  name: string,
  options: BrowserContextOptions,
  reach: (page: Page) => Promise<void>,
): Promise<void> {
  const { page, context } = await visit(owner, browser, url, {
    viewport: PHONE,
    ...options,
  });
  await page.locator(".disc canvas").waitFor();
  await reach(page);
  // One more frame of the wheel.
  await page.evaluate("new Promise((done) => requestAnimationFrame(done))");
  const path = `${FOLDER}${name}.jpg`;
  await page.screenshot({ path, type: "jpeg", quality: 75, fullPage: true });
  await context.close();
}

async function win(page: Page, name: string): Promise<void> {
  roll = COUPON;
  await spin(page, name);
  await answered(page, "You have won!");
}

async function lose(page: Page, name: string): Promise<void> {
  roll = NO_PRIZE;
  await spin(page, name);
  await page.locator(".answer").waitFor();
}

const openOdds = (page: Page) =>
  page.getByText("Odds and prizes left").first().click();

await picture("ready", {}, async () => {});
await picture("ready-desktop", { viewport: DESKTOP }, openOdds);
await picture("won", {}, (page) => win(page, "Ann"));
await picture("won-desktop-dark", { viewport: DESKTOP, ...DARK }, (page) =>
  win(page, "Bea"),
);
await picture("no-prize-tablet", { viewport: TABLET }, (page) =>
  lose(page, "Cem"),
);
await picture("already-drawn-dark", DARK, (page) => lose(page, "Cem"));
await picture("bad-name", {}, async (page) => {
  await spin(page, "x".repeat(65));
  await seen(page, /^Must have/);
});
await picture("redeemed", {}, async (page) => {
  await win(page, "Dee");
  await redeem(page, "99999999");
  await page.locator(".redeemed").waitFor();
});
await picture("redeemed-with-another-number", {}, async (page) => {
  await win(page, "Eve");
  const [kept] = JSON.parse(
    await page.evaluate("localStorage['lucky-draw:wins']"),
  );
  const { id, username } = kept;
  await post(`${url}/redeem`, { id, username, phone_no: "+85298765432" });
  await redeem(page, "99999999");
  await page.locator(".taken").waitFor();
});
await picture("your-prizes-dark", DARK, async (page) => {
  await win(page, "Fay");
  await page.getByRole("button", { name: "another name" }).click();
  await page.getByText("Your prizes").waitFor();
});
await picture("even-wheel", {}, async (page) => {
  await openOdds(page);
  await page.getByLabel("Wheel in proportion to the odds").uncheck();
});
await picture("offline", {}, async (page) => {
  await page.context().setOffline(true);
  await spin(page, "Gus");
  await seen(page, "You are offline.");
});
await stores.redis.stop();
await picture("away-dark", DARK, async (page) => {
  await spin(page, "Gus");
  await seen(page, "The service is not answering");
});
await owner.end();
