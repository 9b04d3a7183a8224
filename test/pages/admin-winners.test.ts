import { readFile } from "node:fs/promises";
import t from "tap";
import { post } from "../support/post.js";
import { openAdmin, signIn, turnTo } from "./admin.js";
import { flaws, openBrowser, seen } from "./browser.js";

const browser = await openBrowser(t);
const ROWS = 20_000;

t.test("a winner is found by name, id and phone", async (t) => {
  const { page, url, world, draw, errors } = await openAdmin(t, browser);
  await draw("ann");
  await draw("bob");
  const [row] = await world.sql`select id from result where user_id = 'ann'`;
  const phone_no = "+85299999999";
  await post(`${url}/redeem`, { id: row?.id, username: "ann", phone_no });
  await signIn(page);
  await turnTo(page, "Winners");
  const claims = page.locator(".claims > li");
  const find = async (by: string, wanted: string) => {
    await page.getByLabel("Find by").selectOption(by);
    await page.getByLabel("Looked for").fill(wanted);
    const answer = page.waitForResponse(/admin\/results\?/);
    await page.getByRole("button", { name: "Find" }).click();
    await (await answer).finished();
  };

  await find("Name", "bob");
  await seen(page, "not redeemed yet");
  t.equal(await claims.count(), 1);
  for (const [by, wanted] of [
    ["Name", " ann "],
    ["Id of the win", row?.id],
    ["Phone number", "9999 9999"],
  ]) {
    await find(by, wanted);
    await claims.getByText("redeemed", { exact: true }).waitFor();
    const told = await claims.innerText();
    t.match(told, /^ann\n/);
    t.match(told, row?.id);
    t.notMatch(told, "+85299999999", "phones are shown on demand only");
  }
  t.same(await flaws(page), []);
  await page.getByLabel("Show phone numbers").check();
  await find("Name", "ann");
  await seen(page, "+85299999999");

  await find("Name", "nobody");
  await seen(page, "No win was found.");
  await find("Phone number", "12");
  await seen(page, /^phone_no: must be a valid phone number/);
  await find("Id of the win", "12");
  await seen(page, "id: must be a UUID.");
  t.equal(await claims.count(), 0);
  t.same(await flaws(page), []);
  t.same(errors, []);
});

t.test("a day's winners as CSV, with its progress", async (t) => {
  const { page, world, context, errors } = await openAdmin(t, browser);
  await world.sql`
    insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
    select gen_random_uuid(), 'user-' || n, 'MUG', '2096-11-20', n, n, '2096-11-20T10:00:00Z'
    from generate_series(1, ${ROWS}::int) n`;
  await signIn(page);
  await turnTo(page, "Winners");
  await page.getByLabel("Day", { exact: true }).fill("2096-11-20");
  const devtools = await context.newCDPSession(page);
  await devtools.send("Network.enable");
  const speed = (bytes: number) =>
    devtools.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 0,
      downloadThroughput: bytes,
      uploadThroughput: bytes,
    });
  await speed(500_000);
  const button = page.getByRole("button", { name: "Download CSV" });
  const bar = page.getByRole("progressbar", { name: "Download" });

  await button.click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await seen(page, "Cancelled.");

  const download = page.waitForEvent("download");
  await button.click();
  await page.locator(".csv progress[value]").waitFor();
  t.equal(await bar.getAttribute("max"), String(ROWS));
  await seen(page, /^[\d,]+ of 20,000$/);
  t.same(await flaws(page), []);
  await speed(-1);
  const file = await download;
  t.equal(file.suggestedFilename(), "winners-2096-11-20.csv");
  const lines = (await readFile(await file.path(), "utf8"))
    .trim()
    .split(/\r?\n/);
  t.equal(lines.length, 1 + ROWS);
  await seen(page, "20,000 winners downloaded.");
  t.same(errors, []);
});
