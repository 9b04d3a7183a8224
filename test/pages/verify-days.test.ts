import t from "tap";
import { DAY, filesOf, proofDay } from "../support/proof-day.js";
import { type Days, serveDays } from "../support/serve-days.js";
import type { Case } from "../verify/tampering/case.js";
import { LINES } from "../verify/tampering/lines.js";
import { NOTES } from "../verify/tampering/notes.js";
import { ODDITIES } from "../verify/tampering/oddities.js";
import { SEALS } from "../verify/tampering/seals.js";
import { SHARDS } from "../verify/tampering/shards.js";
import { TABLES } from "../verify/tampering/tables.js";
import { openBrowser } from "./browser.js";
import { checkDay, headline, openVerify, stepsOf } from "./verify.js";

// The days of the verifier's own tests, with everything in them, whole and tampered with: what the page computes agrees with it. Most
// go through the page's scripts without a browser, which takes a hundredth of the time.

/** The page's scripts are JavaScript of their own project. */
const script = new URL("../../src/pages/verify/check/day.js", import.meta.url);
const { checkDay: check } = await import(script.href);

type Step = { id: string; state: string; said: string };

const days: Days = new Map();
const NAME = `summer/${DAY}`;
const kept = (files: Record<string, string>) =>
  days.set(NAME, new Map(Object.entries(files)));

const url = await serveDays(t, "", days);

/** The steps that are wrong. */
async function wrongIn(files: Record<string, string>): Promise<Step[]> {
  kept(files);
  const steps = new Map<string, Step>();
  const where = { base: `${url}/proof/`, campaign: "summer", day: DAY };
  await check(
    where,
    (step: Step) => steps.set(step.id, step),
    () => {},
  );
  return [...steps.values()].filter(({ state }) => state === "wrong");
}

const WHOLE = [
  { seed: 1 },
  { seed: 2, names: "open", beacon: "none" },
  { seed: 3, shards: 4 },
  { seed: 4, shards: 3, names: "open", beacon: "missing" },
  { seed: 5, shards: 16, users: 200 },
  { seed: 6, isCalm: true },
  { seed: 7, isCalm: true, shards: 2 },
  ...Array.from({ length: 24 }, (_, n) => ({
    seed: 100 + n,
    shards: 1 + (n % 4),
  })),
] as const;

for (const options of WHOLE) {
  t.test(`a right day holds: ${JSON.stringify(options)}`, async (t) => {
    t.same(await wrongIn(filesOf(proofDay(options).draft)), []);
  });
}

t.test("in a browser, too", async (t) => {
  const browser = await openBrowser(t);
  const { page, errors } = await openVerify(t, browser, days);
  for (const options of WHOLE.slice(0, 4)) {
    kept(filesOf(proofDay(options).draft));
    await page.reload();
    await checkDay(page, DAY);
    t.equal(await headline(page), "Everything held");
    t.equal((await stepsOf(page)).wrong, undefined);
  }
  t.same(errors, []);
});

const KINDS = {
  calm: { isCalm: true, seed: 11 },
  eventful: { seed: 12 },
  open: { isCalm: true, seed: 13, names: "open", beacon: "none" },
  missing: { isCalm: true, seed: 14, beacon: "missing" },
  sharded: { isCalm: true, seed: 15, shards: 3 },
} as const;

/** What only the verifier looks at, as the page says: the beacon, names by their key, how shards share numbers, what no step of it needs. */
const LEFT = new Set([
  "a wrong key of the names",
  "a person who is on another shard than theirs",
  "a seal that was made when the beacon's round could be known",
  "another round",
  "another chain's key",
  "a chain whose rounds hang together",
  "a beacon that stands still",
  "a day before that is not before",
  "a field that nobody knows",
  "a field that is missing",
  "two shards hold the same numbers",
  "two shards hold one same number",
  "one moment on two shards",
  "a spare number that is kept back",
  "moments that break off",
  "numbers that leave the quota",
  "numbers are held twice by one shard",
  "numbers that are spent are cut",
  "rolls that somebody chose, on a day whose seed is not out yet",
]);

const all: Case[] = [LINES, NOTES, ODDITIES, SEALS, SHARDS, TABLES].flat();
for (const {
  name,
  day = "calm",
  change,
  files,
  isOpen = false,
  asked,
} of all) {
  // Receipts and keys that somebody has are in tests of their own.
  if (asked || LEFT.has(name)) continue;
  t.test(`found: ${name}`, async (t) => {
    const { draft } = proofDay(KINDS[day as keyof typeof KINDS]);
    change?.(draft);
    const made = filesOf(draft, { isOpen });
    files?.(made, draft);
    const wrong = await wrongIn(made);
    t.ok(wrong.length > 0);
    t.comment(wrong.map(({ id, said }) => `${id}: ${said}`).join("; "));
  });
}
