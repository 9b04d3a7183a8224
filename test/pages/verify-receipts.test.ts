import { readFile } from "node:fs/promises";
import t from "tap";
import {
  filesOf,
  linesOf,
  planDay,
  prizeOf,
  receiptOf,
} from "../support/made-day.js";
import { signer } from "../support/proof/notes.js";
import type { Days } from "../support/serve-days.js";
import { setCampaign } from "../support/set-campaign.js";
import { setPrizes } from "../support/set-prizes.js";
import { answered, flaws, openBrowser, seen, spin, visit } from "./browser.js";
import {
  checkDay,
  checkReceipt,
  headline,
  openVerify,
  over,
  saidOf,
  stepsOf,
} from "./verify.js";

// Receipts: alone, in an answer, from a file, kept by the participants' page; and lines that are missing or others later.

const DAY = "2026-11-28";
const NAME = `default/${DAY}`;
const browser = await openBrowser(t);

const plan = planDay({
  people: 300,
  prizes: [
    prizeOf("MUG", 200_000_000, { daily_quota: 10 }),
    prizeOf("PEN", 400_000_000, { fallback: true, total_quota: 200 }),
  ],
});
const lines = linesOf(plan);
const AT = 200;
const receipt = receiptOf(plan, lines, AT);
const [, , , p = "", , roll = ""] = receipt.line.split("\t");

const days: Days = new Map();
const { home, server, world } = await open();

async function open() {
  const { home, world, ...server } = await openVerify(t, browser, days);
  await setPrizes(world, [{ id: "MUG" }], server);
  return { home, world, server };
}

function look(t: Parameters<typeof visit>[0], files: Map<string, string>) {
  days.set(NAME, files);
  return visit(t, browser, `${home}/verify/`, { acceptDownloads: true });
}

const GOOD = "This draw stands in the public log, unchanged";
const BAD = "Something is wrong with this draw";

t.test("a receipt, and how its draw was decided", async (t) => {
  const { page, errors } = await look(t, filesOf(plan, lines));
  await checkReceipt(page, receipt);
  t.equal(await headline(page), GOOD);
  t.same((await stepsOf(page)).held, [
    "signature",
    "path",
    "seal",
    "logged",
    "included",
  ]);
  await seen(page, p);
  t.same(await flaws(page), []);

  await page.getByRole("button", { name: /Check the whole day/ }).click();
  await page.locator(".odds-bar").waitFor();
  t.equal(await headline(page), "Everything held");
  const story = await page.locator(".odds-bar").innerText();
  t.match(story, `The roll was ${Number(roll).toLocaleString("en")}.`);
  t.match(story, "a MUG");
  t.match(story, `It is line ${AT + 1} of the log.`);
  const met = page.locator(".legend .met");
  t.equal(await met.count(), 1);
  t.same(await flaws(page), []);
  t.same(errors, []);
});

t.test("the whole answer, and a file that is dropped", async (t) => {
  const { page, errors } = await look(t, filesOf(plan, lines));
  await checkReceipt(page, { success: true, data: { message: "" }, receipt });
  t.equal(await headline(page), GOOD);

  await page.reload();
  const transfer = await page.evaluateHandle((text) => {
    const { DataTransfer, File } = globalThis as never as {
      DataTransfer: new () => { items: { add(file: unknown): void } };
      File: new (parts: string[], name: string) => unknown;
    };
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], "receipt.json"));
    return transfer;
  }, JSON.stringify(receipt));
  await page
    .locator("form.panel")
    .first()
    .dispatchEvent("drop", { dataTransfer: transfer });
  await over(page);
  t.equal(await headline(page), GOOD);
  t.same(errors, []);
});

const another = lines.with(
  AT,
  (lines[AT] ?? "").replace(/[0-9a-f]{32}/, "0".repeat(32)),
);

/** Receipts and logs that don't fit: which steps have a cross, and what is said there. */
const wrong: {
  name: string;
  receipt?: unknown;
  files?: Map<string, string>;
  steps: string[];
  says: RegExp;
}[] = [
  {
    name: "a line that the log has not any more",
    files: filesOf(plan, [...lines.slice(0, AT), ...lines.slice(AT + 1)]),
    steps: ["logged"],
    says: /it was taken out, or lost.*it proves that this draw took place/s,
  },
  {
    name: "another line in its place",
    files: filesOf(plan, another),
    steps: ["logged"],
    says: /The log has another line there/,
  },
  {
    name: "a checkpoint that does not have the line",
    files: filesOf(plan, lines).set(
      "checkpoint-0.note",
      filesOf(plan, another).get("checkpoint-0.note") ?? "",
    ),
    steps: ["included"],
    says: /The line does not lead to what was signed/,
  },
  {
    name: "a receipt of which the line was changed",
    receipt: { ...receipt, line: receipt.line.replace(roll, "1") },
    steps: ["path", "logged"],
    says: /it was changed/,
  },
  {
    name: "a receipt by somebody else",
    receipt: receiptOf(
      plan,
      lines,
      AT,
      signer("lucky-draw", Buffer.alloc(32, 9)),
    ),
    steps: ["signature"],
    says: /the signature is not by the key/,
  },
  {
    name: "a receipt with another path",
    receipt: { ...receipt, path: receipt.path.toReversed() },
    steps: ["path"],
    says: /does not lead to what was signed/,
  },
  {
    name: "a receipt with another place",
    receipt: { ...receipt, index: 0 },
    steps: ["path"],
    says: /does not lead to what was signed/,
  },
];

for (const { name, steps, says, ...its } of wrong) {
  t.test(`found: ${name}`, async (t) => {
    const { page, errors } = await look(t, its.files ?? filesOf(plan, lines));
    await checkReceipt(page, its.receipt ?? receipt);
    t.equal(await headline(page), BAD);
    t.same((await stepsOf(page)).wrong, steps);
    t.match(await saidOf(page, steps[0] ?? ""), says);
    t.same(errors, []);
  });
}

t.test("what is no receipt", async (t) => {
  const { page } = await look(t, filesOf(plan, lines));
  const button = page.getByRole("button", { name: "Check this draw" });
  await button.click();
  await seen(page, "Paste a receipt first.");
  for (const [text, sentence] of [
    ["hello", "This is no receipt: it is not JSON."],
    ["{}", "This is no receipt: it needs line, index, path and note."],
    [
      JSON.stringify({ ...receipt, note: "a\n\n— b c\n" }),
      "This is no receipt: its note is not one of a batch.",
    ],
  ] as const) {
    await page.getByLabel("Paste it, or drop its file here").fill(text);
    await button.click();
    await seen(page, sentence);
    t.equal(await headline(page), "This could not be checked");
  }
});

t.test("a line that the log of an open day does not have yet", async (t) => {
  const files = filesOf(plan, lines.slice(0, 100), { isClosed: false });
  const { page } = await look(t, files);
  await checkReceipt(page, receipt);
  t.equal(await headline(page), "The receipt is genuine");
  t.same((await stepsOf(page)).later, ["logged", "included"]);
});

t.test("names: open ones are typed, sealed ones explained", async (t) => {
  const open = planDay({ ...plan, names: "open" });
  const { page } = await look(t, filesOf(open, linesOf(open)));
  await checkDay(page, DAY);
  const name = page.getByLabel("Name", { exact: true });
  await name.fill(" user-7 ");
  await page.getByRole("button", { name: "Show it" }).click();
  await seen(page, "It is line 8 of the log.");
  t.same(await flaws(page), []);
  await name.fill("nobody");
  await page.getByRole("button", { name: "Show it" }).click();
  await seen(page, "Nobody of that name drew on this day.");

  days.set(NAME, filesOf(plan, lines));
  await checkDay(page, DAY);
  await seen(page, /Names are sealed/);
  const letters = page.getByLabel("The 32 characters in the place of a name");
  await letters.fill("user-7");
  await page.getByRole("button", { name: "Show it" }).click();
  await seen(page, "These are 32 characters, 0 to 9 and a to f.");
  await letters.fill(plan.pOf("user-7"));
  await page.getByRole("button", { name: "Show it" }).click();
  await seen(page, "It is line 8 of the log.");
});

t.test(
  "the participants' page keeps the receipt of a draw, saves it, and leads to its check",
  async (t) => {
    days.set(NAME, filesOf(plan, lines));
    const { page, context, errors } = await visit(t, browser, home);
    // The engine's own receipts have tests of their own: here is one whose day is there to be checked.
    await page.route("**/draw", async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ json: { ...(await answer.json()), receipt } });
    });
    await spin(page, "ann");
    await answered(page, "You have won!");
    t.same(await flaws(page), []);
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save receipt" }).click();
    const saved = await download;
    t.match(saved.suggestedFilename(), /^receipt-[0-9a-f]+\.json$/);
    t.same(JSON.parse(await readFile(await saved.path(), "utf8")), receipt);

    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    await page.getByRole("link", { name: "Check this draw" }).click();
    await over(page);
    t.equal(await headline(page), GOOD);
    t.equal(new URL(page.url()).search, "");
    t.ok(requests.length > 5);
    t.notOk(requests.some((url) => url.includes("#") || url.includes(p)));

    const later = await context.newPage();
    await later.goto(`${home}/verify/`);
    await later
      .getByLabel("Or one that this browser keeps")
      .selectOption({ index: 1 });
    await later.getByRole("button", { name: "Check this draw" }).click();
    await over(later);
    t.equal(await headline(later), GOOD);
    t.same(errors, []);
  },
);

t.test(
  "without receipts nothing is new on the participants' page",
  async (t) => {
    const { page, errors } = await visit(t, browser, home);
    await spin(page, "bob");
    await answered(page, "You have won!");
    t.equal(await page.getByText("receipt").count(), 0);
    t.equal(await page.locator(".checkable").count(), 0);
    t.equal(
      await page.evaluate("localStorage['lucky-draw:receipts']"),
      undefined,
    );
    t.same(errors, []);
  },
);

t.test(
  "the participants' page of a campaign that can be checked leads to it",
  async (t) => {
    await setCampaign(world, { id: "default", verifiable: true }, [], server);
    const { page, errors } = await visit(t, browser, home);
    await page
      .getByRole("link", { name: "How anybody can check these draws" })
      .click();
    await page
      .getByRole("heading", { name: "What this shows, and what it can’t" })
      .waitFor();
    t.same(errors, []);
  },
);
