import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import type { BrowserContextOptions, Page } from "playwright-core";
import { createServer } from "../../src/server.js";
import { keys } from "../../src/stores/keys.js";
import { adminOf } from "../support/admin-calls.js";
import { fakeTime } from "../support/fake-time.js";
import { createOwner } from "../support/owner.js";
import { setPrizes } from "../support/set-prizes.js";
import { startStores } from "../support/stores.js";
import { ownWorld } from "../support/world.js";
import { ADMIN_PAGE, field, signIn, turnTo } from "./admin.js";
import { DESKTOP, openBrowser, PHONE, seen, TABLET, visit } from "./browser.js";

/** `npm run screenshots`: the campaign manager's page on a busy morning, into the folder beside this file. */
const FOLDER = fileURLToPath(new URL("screenshots/", import.meta.url));

const DRAWS = 300;
const MORNING = "2099-11-25T02:40:30Z";
const LAST_HOUR = 60;

const owner = createOwner();
const stores = await startStores("embedded");
owner.teardown(stores.close);
const world = ownWorld(owner, stores);
const time = fakeTime(MORNING);
const server = createServer(
  { TIME_ZONE: "Asia/Hong_Kong", DEFAULT_COUNTRY: "HK", ...ADMIN_PAGE },
  {
    databaseUrl: stores.postgres.url,
    redisUrl: stores.redis.url,
    log: pino({ level: "silent" }),
    ...time.options(),
  },
);
owner.teardown(server.close);
await server.open();
await setPrizes(
  world,
  [
    { id: "COFFEE", probability: 0.4 },
    { id: "MUG", probability: 0.15, daily_quota: 60, total_quota: 1_000 },
    { id: "UMBRELLA", probability: 0.01, daily_quota: 50, total_quota: 400 },
    { id: "WEEKEND", probability: 0.0001, daily_quota: 1, total_quota: 3 },
  ],
  server,
);
await world.sql`
  update prize set title = t.title
  from (values
    ('COFFEE', 'Free coffee'), ('MUG', 'Enamel mug'), ('UMBRELLA', 'Umbrella'), ('WEEKEND', 'Weekend for two')
  ) as t (id, title)
  where prize.id = t.id`;
await server.prizes.reload();
for (let n = 0; n < DRAWS; n += 1) {
  await server.app.inject({
    method: "POST",
    url: "/draw",
    payload: { username: `user-${n}` },
  });
}
await fillLastHour();
const url = await server.app.listen({ host: "127.0.0.1", port: 0 });
const call = adminOf(url);
const any = { "if-match": "*" };
const browser = await openBrowser(owner);
await mkdir(FOLDER, { recursive: true });

/** The draws spread over the hour, as if the server had been watching. */
async function fillLastHour(): Promise<void> {
  const taken = await world.redis.hgetall(keys.taken);
  const { "@draws": draws = "0", ...units } = taken;
  const wins = Object.values(units).reduce((sum, n) => sum + Number(n), 0);
  const now = Math.floor(Date.parse(MORNING) / 60_000);
  for (let n = 0; n < LAST_HOUR; n += 1) {
    const part = n / LAST_HOUR - Math.sin((n / LAST_HOUR) * 4 * Math.PI) / 16;
    await world.redis.xadd(
      keys.minutes,
      `${now - LAST_HOUR + n}-0`,
      "draws",
      Math.round(Number(draws) * part),
      "wins",
      Math.round(wins * part),
    );
  }
}

/** One picture of one state, with an administrator of its own; as high as the window, or of the whole page. */
async function picture(
  name: string,
  options: BrowserContextOptions,
  reach: (page: Page) => Promise<void>,
  fullPage = true,
): Promise<void> {
  const { page, context } = await visit(owner, browser, `${url}/admin/`, {
    viewport: DESKTOP,
    ...options,
  });
  await reach(page);
  // Two frames: one to lay out, one to paint the charts.
  await page.evaluate(
    "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))",
  );
  const path = `${FOLDER}admin-${name}.jpg`;
  await page.screenshot({ path, type: "jpeg", quality: 75, fullPage });
  await context.close();
}

async function edit(page: Page): Promise<void> {
  await signIn(page, "Ann");
  await turnTo(page, "Prizes");
  await field(page, "MUG", "Odds").fill("10");
  await field(page, "UMBRELLA", "Daily quota").fill("20");
}

async function today(page: Page): Promise<void> {
  await signIn(page, "Ann");
  await page.locator("canvas").waitFor();
}

const DARK = { colorScheme: "dark" } as const;
const SMALL = { viewport: PHONE };

await picture("sign-in", SMALL, async (page) => {
  await page.getByLabel("Administrators’ token").fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await seen(page, "This is not the administrators’ token.");
});
await picture("today", {}, today);
await picture("today-dark", DARK, today);
await picture("today-phone", SMALL, today);
await picture("today-tablet", { viewport: TABLET }, today);
await picture("prizes", {}, edit, false);
await picture("prizes-phone", SMALL, edit, false);
await picture(
  "too-much",
  DARK,
  async (page) => {
    await edit(page);
    await field(page, "COFFEE", "Odds").fill("95");
    await field(page, "MUG", "Total quota").fill("many");
  },
  false,
);
await picture(
  "preview",
  {},
  async (page) => {
    await edit(page);
    await page.getByRole("button", { name: "Add a prize" }).click();
    await field(page, "New prize", "Id").fill("PEN");
    await field(page, "PEN", "Title").fill("Pen");
    await field(page, "PEN", "Odds").fill("4");
    await page.getByRole("button", { name: "Preview changes" }).click();
    await page.getByRole("dialog").waitFor();
  },
  false,
);
await picture(
  "conflict",
  {},
  async (page) => {
    await edit(page);
    await call(
      "PATCH",
      "/prizes/MUG",
      { probability: 0.2 },
      {
        ...any,
        "x-changed-by": "Bob",
      },
    );
    await page.getByRole("button", { name: "Preview changes" }).click();
    await seen(page, "Nothing of yours was saved.");
  },
  false,
);
await picture("simulation", {}, async (page) => {
  await edit(page);
  await page.getByRole("button", { name: "Simulate" }).click();
  await page.locator(".simulation canvas").waitFor();
});
await picture("winners", {}, async (page) => {
  await signIn(page, "Ann");
  await turnTo(page, "Winners");
  const [win] = await world.sql`select id, user_id from result limit 1`;
  await fetch(`${url}/redeem`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      id: win?.id,
      username: win?.user_id,
      phone_no: "+85299999999",
    }),
  });
  await page.getByLabel("Looked for").fill(win?.user_id);
  await page.getByLabel("Show phone numbers").check();
  await page.getByRole("button", { name: "Find" }).click();
  await page.locator(".claims li").waitFor();
});
await picture(
  "history",
  {},
  async (page) => {
    await signIn(page, "Ann");
    await turnTo(page, "History");
    await page.locator(".history li.panel").first().waitFor();
  },
  false,
);
await stores.redis.stop();
await picture(
  "away",
  DARK,
  async (page) => {
    await page.getByLabel("Administrators’ token").waitFor();
    await signIn(page);
    await page.locator(".note.bad").waitFor();
  },
  false,
);
await owner.end();
