import t from "tap";
import { adminOf } from "../support/admin-calls.js";
import { until } from "../support/until.js";
import { field, openAdmin, signIn, turnTo } from "./admin.js";
import { flaws, openBrowser, seen } from "./browser.js";

const browser = await openBrowser(t);

const PRIZES = [
  { id: "CUP", probability: 0.25, daily_quota: 10 },
  { id: "MUG", probability: "0.1000001", total_quota: 500 },
  { id: "OLD", probability: 0.9, active: false },
];

/** The table of prizes in the hands of Ann. */
async function openTable(t: Parameters<typeof openAdmin>[0]) {
  const opened = await openAdmin(t, browser, { prizes: PRIZES });
  await signIn(opened.page, "Ann");
  await turnTo(opened.page, "Prizes");
  await field(opened.page, "MUG", "Odds").waitFor();
  const { page, url } = opened;
  const preview = page.getByRole("button", { name: "Preview changes" });
  const sum = page.locator("output");
  return { ...opened, preview, sum, call: adminOf(url) };
}

const isOff = async (button: {
  getAttribute(name: string): Promise<unknown>;
}) => (await button.getAttribute("aria-disabled")) === "true";

t.test(
  "the sum of odds and the chance of no prize follow the typing",
  async (t) => {
    const { page, preview, sum, errors } = await openTable(t);
    t.equal(
      await sum.textContent(),
      "Sum of odds 35.00001% · no prize 64.99999%",
    );
    t.ok(await isOff(preview), "nothing to publish");
    await field(page, "CUP", "Odds").fill("89.99999");
    await seen(page, "no prize 0%");
    t.notOk(await isOff(preview));
    await field(page, "CUP", "Odds").fill("90");
    await seen(page, "0.00001% too much");
    t.ok(await isOff(preview), "the odds sum to more than 1");
    t.same(await flaws(page), []);
    await field(page, "MUG", "Active").uncheck();
    await seen(page, "no prize 10%");
    t.notOk(await isOff(preview), "inactive prizes have no odds");
    await field(page, "MUG", "Active").check();
    await field(page, "CUP", "Odds").fill("25");
    await seen(page, "no prize 64.99999%");
    t.ok(await isOff(preview), "typed back");
    await field(page, "CUP", "Instead of no prize").check();
    await seen(page, "CUP instead of no prize 64.99999%");
    t.notOk(await isOff(preview), "a change");
    await field(page, "CUP", "Instead of no prize").uncheck();
    t.ok(await isOff(preview), "taken back");
    t.same(errors, []);
  },
);

t.test("what would break the table can't be sent", async (t) => {
  const { page, preview, call } = await openTable(t);
  const before = await call("GET", "/prizes");
  for (const [label, text, told] of [
    ["Odds", "100.1", "0 to 100, with 7 decimals at most."],
    ["Odds", "1e1", "0 to 100"],
    ["Odds", "0.00000001", "0 to 100"],
    ["Odds", "", "0 to 100"],
    ["Daily quota", "-1", "A whole number, or empty for unlimited."],
    ["Total quota", "1.5", "A whole number"],
    ["Total quota", "2147483648", "A whole number"],
    ["Title", " ", "1 to 200 characters."],
  ] as const) {
    const input = field(page, "CUP", label);
    const saved = await input.inputValue();
    await input.fill(text);
    await seen(page, told);
    t.equal(await input.getAttribute("aria-invalid"), "true", text);
    t.ok(await isOff(preview), text);
    await preview.click({ force: true });
    await input.fill(saved);
  }
  t.equal(await page.getByRole("dialog").count(), 0);
  await page.getByRole("button", { name: "Add a prize" }).click();
  await field(page, "New prize", "Title").fill("A cup");
  await field(page, "New prize", "Odds").fill("1");
  await field(page, "New prize", "Id").fill("CUP");
  await seen(page, "There is a prize with this id already.");
  t.ok(await isOff(preview));
  t.same(await flaws(page), []);
  t.same((await call("GET", "/prizes")).data, before.data);
});

t.test("preview, publish, history", async (t) => {
  const { page, preview, call, world, errors } = await openTable(t);
  await field(page, "CUP", "Odds").fill("12,5");
  await field(page, "CUP", "Daily quota").fill("");
  await field(page, "MUG", "Title").fill("A <b>mug</b>");
  await page.getByRole("button", { name: "Add a prize" }).click();
  await field(page, "New prize", "Id").fill("PEN");
  await field(page, "PEN", "Title").fill("A pen");
  await field(page, "PEN", "Odds").fill("0.0000001");
  await field(page, "PEN", "Total quota").fill("1,000");
  await preview.click();
  const dialog = page.getByRole("dialog", { name: "What will be different" });
  await dialog.waitFor();
  const told = await dialog.innerText();
  for (const line of [
    "odds 25% → 12.5%",
    "daily quota 10 → unlimited",
    "title “a MUG” → “A <b>mug</b>”",
    "New prize.",
    "odds 0.0000001%",
    "total quota 1,000",
    "Chance of no prize: 64.99999% → 77.4999899%",
  ]) {
    t.match(told, line);
  }
  t.notMatch(told, "OLD");
  t.same(await flaws(page), []);
  t.equal((await call("GET", "/prizes")).data.prizes.length, 3, "not saved");

  await dialog.getByRole("button", { name: "Keep editing" }).click();
  await turnTo(page, "Today");
  await turnTo(page, "Prizes");
  t.equal(await field(page, "PEN", "Title").inputValue(), "A pen");
  await preview.click();
  await dialog.getByRole("button", { name: "Publish" }).click();
  await seen(page, "Published.");
  t.same(
    await world.sql`
      select id, title, probability, daily_quota, total_quota, active from prize order by id`,
    [
      {
        id: "CUP",
        title: "a CUP",
        probability: "0.125",
        daily_quota: null,
        total_quota: null,
        active: true,
      },
      {
        id: "MUG",
        title: "A <b>mug</b>",
        probability: "0.1000001",
        daily_quota: null,
        total_quota: 500,
        active: true,
      },
      {
        id: "OLD",
        title: "a OLD",
        probability: "0.9",
        daily_quota: null,
        total_quota: null,
        active: false,
      },
      {
        id: "PEN",
        title: "A pen",
        probability: "0.000000001",
        daily_quota: null,
        total_quota: 1000,
        active: true,
      },
    ],
  );
  t.ok(await isOff(preview));

  await turnTo(page, "History");
  const changes = page.locator(".history li.panel");
  await changes.first().waitFor();
  const latest = await changes.first().innerText();
  t.match(latest, /admin: Ann/);
  const all = (await changes.allInnerTexts()).join("\n");
  t.match(all, "odds 25% → 12.5%");
  t.match(all, "title “a MUG” → “A <b>mug</b>”");
  t.same(await flaws(page), []);
  t.same(errors, []);
});

t.test("an edit of another administrator meanwhile", async (t) => {
  const { page, preview, call, errors } = await openTable(t);
  const any = { "if-match": "*" };
  const dialog = page.getByRole("dialog");

  await call("PATCH", "/prizes/MUG", { probability: 0.2 }, any);
  const odds = field(page, "MUG", "Odds");
  await until("what nobody typed over", async () => {
    const shown = await odds.inputValue();
    if (shown !== "20") throw new Error(shown);
  });

  await field(page, "CUP", "Title").fill("My cup");
  await odds.fill("11");
  await preview.click();
  await dialog.getByRole("button", { name: "Publish" }).waitFor();
  await call("PATCH", "/prizes/MUG", { probability: 0.3 }, any);
  await dialog.getByRole("button", { name: "Publish" }).click();
  await seen(page, "Nothing of yours was saved.");
  t.match(
    await page.evaluate("document.activeElement.textContent"),
    "Load them and keep",
    "the remedy has the focus",
  );
  t.same(await flaws(page), []);
  t.equal((await call("GET", "/prizes")).data.prizes[0].title, "a CUP");

  await page.getByRole("button", { name: "Load them and keep" }).click();
  await seen(page, "saved: 30");
  t.equal(await odds.inputValue(), "11");
  t.equal(await field(page, "CUP", "Title").inputValue(), "My cup");
  await preview.click();
  t.match(await dialog.innerText(), "odds 30% → 11%");
  await dialog.getByRole("button", { name: "Publish" }).click();
  await seen(page, "Published.");
  const { prizes } = (await call("GET", "/prizes")).data;
  t.match(prizes, [
    { id: "CUP", title: "My cup", probability: 0.25 },
    { id: "MUG", probability: 0.11 },
    { id: "OLD" },
  ]);
  t.same(errors, []);
});

t.test("what nobody typed stays as it is, to the last digit", async (t) => {
  const { page, preview, world, errors } = await openTable(t);
  await world.sql`
    update prize set title = ' a  mug ', probability = 0.12345678912 where id = 'MUG'`;
  const title = field(page, "MUG", "Title");
  await until("the other edit", async () => {
    const shown = await title.inputValue();
    if (shown !== " a  mug ") throw new Error(shown);
  });
  await field(page, "MUG", "Total quota").fill("7");
  await preview.click();
  const dialog = page.getByRole("dialog");
  t.notMatch(await dialog.innerText(), /title|odds/);
  await dialog.getByRole("button", { name: "Publish" }).click();
  await seen(page, "Published.");
  const [row] = await world.sql`
    select title, probability, total_quota from prize where id = 'MUG'`;
  t.same(row, {
    title: " a  mug ",
    probability: "0.12345678912",
    total_quota: 7,
  });
  t.same(errors, []);
});

t.test("two tabs edit the same prize", async (t) => {
  const { page, openTab, preview, errors } = await openTable(t);
  const other = await openTab();
  await signIn(other, "Bob");
  await turnTo(other, "Prizes");
  await field(other, "CUP", "Title").fill("Bob's cup");
  await field(page, "CUP", "Title").fill("Ann's cup");
  await preview.click();
  await page.getByRole("button", { name: "Publish" }).click();
  await seen(page, "Published.");
  await seen(other, "Somebody else has changed the prizes meanwhile.");
  const title = field(other, "CUP", "Title");
  t.equal(await title.inputValue(), "Bob's cup");
  t.same(await flaws(other), []);
  await other.getByRole("button", { name: "Load them and keep" }).click();
  await seen(other, "saved: Ann's cup");
  t.equal(await title.inputValue(), "Bob's cup");
  await other.getByRole("button", { name: "Preview changes" }).click();
  t.match(
    await other.getByRole("dialog").innerText(),
    "title “Ann's cup” → “Bob's cup”",
  );
  t.same(errors, []);
});
