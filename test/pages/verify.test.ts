import t from "tap";
import {
  filesOf,
  linesOf,
  type Plan,
  planDay,
  prizeOf,
  SIGNER,
  tableLine,
} from "../support/made-day.js";
import { signer } from "../support/proof/notes.js";
import { countsOf } from "../support/proof/write.js";
import type { Days } from "../support/serve-days.js";
import { flaws, openBrowser, visit } from "./browser.js";
import { checkDay, headline, openVerify, saidOf, stepsOf } from "./verify.js";

// Days as they should be, and days that were tampered with, in a real browser. The operator has the key: where a change can be
// signed again, it is, so that what finds it is the check of what the lines say.

const DAY = "2026-11-28";
const NAME = `default/${DAY}`;
const HOUR = 3_600_000;
const start = Date.parse(`${DAY}T00:00:00Z`);
const browser = await openBrowser(t);
const days: Days = new Map();
const { home } = await openVerify(t, browser, days);

/** The page where these are the day's files. */
function look(t: Parameters<typeof visit>[0], files: Map<string, string>) {
  days.set(NAME, files);
  return visit(t, browser, `${home}/verify/`);
}

/** Quotas that run out, a release, a fallback and moments. */
const plan = planDay({
  people: 600,
  prizes: [
    prizeOf("CAR", 5_000_000, { daily_quota: 1 }),
    prizeOf("MUG", 200_000_000, {
      daily_quota: 20,
      release: [start + HOUR, start + 20 * HOUR],
    }),
    prizeOf("BAG", 200_000_000, { moments: true, total_quota: 4 }),
    prizeOf("PEN", 400_000_000, { fallback: true, total_quota: 90 }),
  ],
  moments: [2, 3, 11].map((hour) => ({
    id: hour,
    prize: "BAG",
    at: start + hour * HOUR,
  })),
});
const lines = linesOf(plan);

/** Lines of which one is another. `change` gets its fields. */
function changed(at: number, change: (fields: string[]) => void): string[] {
  const fields = (lines[at] ?? "").split("\t");
  change(fields);
  return lines.with(at, fields.join("\t"));
}

const find = (test: (fields: string[]) => boolean) =>
  lines.findIndex((line) => line.includes("\tD\t") && test(line.split("\t")));

const loser = find((fields) => fields[6] === "-");
const winner = find((fields) => fields[6]?.startsWith("PEN:") === true);

t.test("a day as it should be", async (t) => {
  const { page, errors } = await look(t, filesOf(plan, lines));
  await checkDay(page, DAY);
  t.equal(await headline(page), "Everything held");
  await page
    .getByText("600 draws were decided as sealed before the day.")
    .waitFor();
  const steps = await stepsOf(page);
  t.same(steps.unknown, ["key", "beacon"]);
  t.equal(steps.held?.length, 9);
  t.same(await flaws(page), []);
  t.same(errors, []);
});

/** What another day has that this one has not, and what is to be said of it. */
const honest: [string, () => Map<string, string>][] = [
  [
    "with a beacon",
    () => {
      const beacon = planDay({ ...plan, beacon: "ab".repeat(48) });
      return filesOf(beacon, linesOf(beacon));
    },
  ],
  [
    "with open names",
    () => {
      const open = planDay({ ...plan, names: "open" });
      return filesOf(open, linesOf(open));
    },
  ],
  ["a win that came to nothing, and its unit won again", () => voided()],
  ["numbers that were lost, and a draw that came again", () => withGap()],
  ["somebody who may not win again", () => limited()],
  ["on which nobody drew", () => filesOf(plan, [])],
];

for (const [name, make] of honest) {
  t.test(`a day ${name}`, async (t) => {
    const { page, errors } = await look(t, make());
    await checkDay(page, DAY);
    t.equal(await headline(page), "Everything held");
    t.equal((await stepsOf(page)).wrong, undefined);
    t.same(errors, []);
  });
}

/** A pen is refused; a table gives its number back, and the next who meets a pen gets that one. */
function voided(): Map<string, string> {
  const pens = planDay({
    people: 0,
    prizes: [prizeOf("PEN", 1_000_000_000, { total_quota: 2 })],
  });
  const draws = drawsOf(pens, 4);
  const spare = { PEN: { all: [[1, 1]], day: [[1, 1]] } };
  const taken = { taken: { PEN: 2 }, taken_today: { PEN: 2 }, spare };
  const all = [
    tableLine(pens, 0, start),
    draws(1, 1, "PEN:1:1"),
    draws(2, 2, "PEN:2:2"),
    `3\t${start + 3}\tV\t1`,
    draws(4, 1, "-"),
    tableLine(pens, 5, start + 5, { ...taken, draws: { ever: 2, today: 2 } }),
    draws(6, 3, "PEN:1:1"),
    draws(7, 4, "-"),
  ];
  return filesOf(pens, all, { close: { draws: 4, wins: { PEN: 2 } } });
}

function withGap(): Map<string, string> {
  const never = planDay({ people: 0, prizes: [] });
  const draws = drawsOf(never, 2);
  return filesOf(never, [
    tableLine(never, 0, start),
    draws(1, 1, "-"),
    `102\t${start + 2}\tG\t2\t101\tloss`,
    tableLine(never, 103, start + 3, { draws: { ever: 1, today: 1 } }),
    draws(104, 1, "-"),
    draws(105, 2, "-"),
  ]);
}

function limited(): Map<string, string> {
  const pens = planDay({
    people: 0,
    prizes: [prizeOf("PEN", 1_000_000_000)],
  });
  const [p, q] = [pens.pOf("user-1"), pens.pOf("user-2")];
  const rules = {
    ...{ starts_at: null, ends_at: null, draws_per_day: 2 },
    ...{ wins_per_user: 1, inactive: false },
  };
  const draws = { ever: 9, today: 0 };
  return filesOf(pens, [
    tableLine(pens, 0, start, { rules, draws }),
    `1\t${start + 1}\tD\t${p}\t1\t${pens.rollOf(p, 1)}\tPEN:1:1\t`,
    `2\t${start + 2}\tD\t${p}\t2\t${pens.rollOf(p, 2)}\t-\tlimited`,
    `3\t${start + 3}\tD\t${q}\t1\t${pens.rollOf(q, 1)}\t-\tlimited`,
  ]);
}

/** Makes the line of a person's draw with an outcome. */
function drawsOf(of: Plan, people: number) {
  const names = Array.from({ length: people }, (_, n) => of.pOf(`user-${n}`));
  return (seq: number, person: number, outcome: string) => {
    const p = names[person - 1] ?? "";
    return `${seq}\t${start + seq}\tD\t${p}\t1\t${of.rollOf(p, 1)}\t${outcome}\t`;
  };
}

const other = signer("lucky-draw", Buffer.alloc(32, 9));

/** Which steps have a cross, of which file and line, and a part of the sentence. */
const tampered: {
  name: string;
  files: () => Map<string, string>;
  wrong: string[];
  says: RegExp;
}[] = [
  {
    name: "a roll",
    files: () =>
      filesOf(
        plan,
        changed(loser, (it) => {
          it[5] = "999999999";
        }),
      ),
    wrong: ["rolls"],
    says: new RegExp(`log-0.tsv, line ${loser + 1}`),
  },
  {
    name: "a loser who wins",
    files: () =>
      filesOf(
        plan,
        changed(loser, (it) => {
          it[6] = "CAR:9:9";
        }),
      ),
    wrong: ["outcomes"],
    says: /By the rules it is no prize, and CAR:9:9 stands here/,
  },
  {
    name: "a winner who loses",
    files: () =>
      filesOf(
        plan,
        changed(winner, (it) => {
          it[6] = "-";
          it[7] = "";
        }),
      ),
    wrong: ["outcomes"],
    says: new RegExp(
      `no prize stands here.*log-0.tsv, line ${winner + 1}:`,
      "s",
    ),
  },
  {
    name: "a dropped line",
    files: () => filesOf(plan, lines.toSpliced(loser, 1)),
    wrong: ["log"],
    says: new RegExp(`Line number ${loser} should be here`),
  },
  {
    name: "a line that was slipped in",
    files: () => {
      const p = plan.pOf("invented");
      const line = `${lines.length}\t${start + 23 * HOUR}\tD\t${p}\t1\t1\tCAR:2:2\t`;
      return filesOf(plan, [...lines, line]);
    },
    wrong: ["rolls", "outcomes"],
    says: /The roll is \d+, and 1 stands here/,
  },
  {
    name: "two lines swapped",
    files: () => {
      const [one = "", two = ""] = lines.slice(40, 42);
      return filesOf(plan, lines.with(40, two).with(41, one));
    },
    wrong: ["log", "outcomes"],
    says: /Line number 40 should be here, and it is 41/,
  },
  {
    name: "somebody who draws twice",
    files: () =>
      filesOf(
        plan,
        changed(loser + 1, (it) => {
          const [, , , p = "", , roll = ""] = (lines[loser] ?? "").split("\t");
          it[3] = p;
          it[5] = roll;
        }),
      ),
    wrong: ["once"],
    says: /draw number 1 was decided before/,
  },
  {
    name: "a unit above its quota",
    files: () => {
      const more = structuredClone(plan.prizes);
      if (more[0]) more[0].daily_quota = 0;
      return filesOf(
        plan,
        lines.with(0, tableLine({ ...plan, prizes: more }, 0, start)),
      );
    },
    wrong: ["outcomes"],
    says: /CAR:1:1 stands here/,
  },
  {
    name: "units that are gone without a line",
    files: () => {
      const at = start + 12 * HOUR;
      const line = tableLine(plan, lines.length, at, { taken: { CAR: 7 } });
      return filesOf(plan, [...lines, line]);
    },
    wrong: ["outcomes"],
    says: /It counts 7 units of CAR as gone, 0 of them today; by the log it is \d and \d/,
  },
  {
    name: "a moment that is said to be won",
    files: () => {
      const at = start + 12 * HOUR;
      const { wins: taken } = countsOf([lines]);
      const line = tableLine(plan, lines.length, at, {
        ...{ taken, taken_today: taken, claimed: [2, 3, 11, 99] },
        draws: { ever: 600, today: 600 },
      });
      return filesOf(plan, [...lines, line]);
    },
    wrong: ["outcomes"],
    says: /Moment 99 is said to be won, and no line tells it/,
  },
  {
    name: "other moments",
    files: () => {
      const files = filesOf(plan, lines);
      const text = files.get("moments.tsv") ?? "";
      return files.set("moments.tsv", text.replace("\t11\t", "\t12\t"));
    },
    wrong: ["outcomes"],
    says: /moments.tsv lacks the moments/,
  },
  {
    name: "a log that is cut short after it was signed",
    files: () => {
      const cut = `${lines.slice(0, -1).join("\n")}\n`;
      return filesOf(plan, lines).set("log-0.tsv", cut);
    },
    wrong: ["tree", "counts"],
    says: /A log of 601 lines was signed, and there are 600: some are gone/,
  },
  {
    name: "a line that was changed after it was signed",
    files: () => {
      const files = filesOf(plan, lines);
      const at = lines[5]?.split("\t")[1] ?? "";
      const text = files.get("log-0.tsv") ?? "";
      return files.set("log-0.tsv", text.replace(at, String(Number(at) + 1)));
    },
    wrong: ["tree"],
    says: /Until here the log has another root than was signed/,
  },
  {
    name: "a last line without an end",
    files: () => {
      const files = filesOf(plan, lines);
      return files.set("log-0.tsv", `${files.get("log-0.tsv")}602\t1`);
    },
    wrong: ["log"],
    says: /The last line has no end/,
  },
  {
    name: "a seal made after the first draw",
    files: () =>
      filesOf(plan, lines, { seal: { sealed_at: start + 2 * HOUR } }),
    wrong: ["seal"],
    says: /It was drawn before the seal/,
  },
  {
    name: "another secret than the sealed one",
    files: () => filesOf(plan, lines, { close: { seed: "11".repeat(32) } }),
    wrong: ["seed", "rolls"],
    says: /It is not the secret whose hash was sealed/,
  },
  {
    name: "another beacon than the rolls are of",
    files: () => {
      const beacon = planDay({ ...plan, beacon: "ab".repeat(48) });
      const close = { beacon_signature: "cd".repeat(48) };
      return filesOf(beacon, linesOf(beacon), { close });
    },
    wrong: ["rolls"],
    says: /And 599 more lines after it/,
  },
  {
    name: "other counts",
    files: () => filesOf(plan, lines, { close: { draws: 601 } }),
    wrong: ["counts"],
    says: /601 draws are counted, and there are 600/,
  },
  {
    name: "a close with another root",
    files: () => {
      const trees = [{ size: lines.length, root: "A".repeat(43).concat("=") }];
      return filesOf(plan, lines, { close: { trees } });
    },
    wrong: ["tree"],
    says: /The close has another root than the log/,
  },
  ...["seal", "close", "checkpoint-0"].map((note) => ({
    name: `a forged ${note}.note`,
    files: () => {
      const forged = filesOf(plan, lines, { by: other });
      const text = forged.get(`${note}.note`) ?? "";
      return filesOf(plan, lines).set(`${note}.note`, text);
    },
    wrong: [note === "checkpoint-0" ? "tree" : note],
    says: /the signature is not by the key/,
  })),
  {
    name: "a seal that was changed by a letter",
    files: () => {
      const files = filesOf(plan, lines);
      const text = files.get("seal.note") ?? "";
      return files.set("seal.note", text.replace('"UTC"', '"utc"'));
    },
    wrong: ["seal"],
    says: /seal.note: the signature is not by the key/,
  },
  {
    name: "the seal of another day",
    files: () => filesOf(plan, lines, { seal: { day: "2026-11-27" } }),
    wrong: ["seal"],
    says: /It is of another campaign or day/,
  },
  {
    name: "a key whose id is another's",
    files: () => {
      const files = filesOf(plan, lines);
      const text = files.get("key.txt") ?? "";
      return files.set("key.txt", text.replace(/\+[0-9a-f]{8}/, "+00000000"));
    },
    wrong: ["key", "seal", "close", "tree"],
    says: /The key's id is not that of the key/,
  },
];

for (const { name, files, wrong, says } of tampered) {
  t.test(`found: ${name}`, async (t) => {
    const { page, errors } = await look(t, files());
    await checkDay(page, DAY);
    t.equal(await headline(page), "Something is wrong with this day");
    t.same((await stepsOf(page)).wrong, wrong);
    const said = await Promise.all(wrong.map((step) => saidOf(page, step)));
    t.match(said.join("\n"), says);
    t.same(errors, []);
  });
}

t.test("the key that somebody brings along", async (t) => {
  const { page } = await look(t, filesOf(plan, lines));
  await page.getByText("By which key?").click();
  const field = page.getByLabel("Verifier key that you know");
  await field.fill(SIGNER.vkey);
  await checkDay(page, DAY);
  t.ok((await stepsOf(page)).held?.includes("key"));
  await field.fill(other.vkey);
  await checkDay(page, DAY);
  t.ok((await stepsOf(page)).wrong?.includes("key"));
  t.match(await saidOf(page, "key"), /The server signs with another key/);
  await field.fill("my key");
  await checkDay(page, DAY);
  t.equal(await headline(page), "This could not be checked");
  await page
    .getByText("A verifier key is NAME+id+base64, without spaces.")
    .waitFor();
});

t.test("a day that is not over", async (t) => {
  const open = filesOf(plan, lines, { isClosed: false });
  const { page, errors } = await look(t, open);
  await checkDay(page, DAY);
  t.equal(await headline(page), "So far everything held");
  t.same((await stepsOf(page)).later, [
    "close",
    "seed",
    "rolls",
    "outcomes",
    "counts",
  ]);
  t.same(await flaws(page), []);
  t.same(errors, []);
});

t.test(
  "a browser that can't check signatures says so, and checks the rest",
  async (t) => {
    const insecure = await openBrowser(t, [
      "--host-resolver-rules=MAP draw.example 127.0.0.1",
    ]);
    days.set(NAME, filesOf(plan, lines));
    const page = await insecure.newPage();
    // Over plain http from a host that is not this machine there is no WebCrypto.
    await page.goto(`${home.replace("127.0.0.1", "draw.example")}/verify/`);
    await checkDay(page, DAY);
    t.equal(await headline(page), "Everything held");
    await page
      .getByText("But for the signatures, which this browser can’t check.")
      .waitFor();
    const steps = await stepsOf(page);
    t.same(steps.unknown, ["key", "seal", "close", "beacon", "tree"]);
    t.same(steps.held, ["seed", "log", "rolls", "once", "outcomes", "counts"]);
  },
);
