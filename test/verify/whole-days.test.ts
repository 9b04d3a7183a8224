import t from "tap";
import { checkDay } from "../support/check-day.js";
import { BEGINS_AT, filesOf, proofDay, SIGNER } from "../support/proof-day.js";

const kindsOf = (logs: string[][]) => {
  const counts: Record<string, number> = {};
  for (const line of logs.flat()) {
    const [, , kind = "", , , , outcome, how] = line.split("\t");
    const names =
      kind === "D"
        ? [kind, how || (outcome === "-" ? "nothing" : "by odds")]
        : [kind];
    for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
};

for (const options of [
  { seed: 1 },
  { seed: 2, names: "open", beacon: "none" },
  { seed: 3, shards: 4 },
  { seed: 4, shards: 3, names: "open", beacon: "missing" },
  { seed: 5, shards: 16, users: 200 },
  { seed: 6, isCalm: true },
  { seed: 7, isCalm: true, shards: 2 },
] as const) {
  t.test(`a right day holds: ${JSON.stringify(options)}`, async (t) => {
    const { draft } = proofDay(options);
    const { wrong, told } = await checkDay(filesOf(draft), {
      key: SIGNER.vkey,
    });
    t.same(wrong, []);
    t.same(told("waits"), []);
    const kinds = kindsOf(draft.logs);
    const isCalm = "isCalm" in options;
    const expected = [
      ...["T", "D", "nothing", "by odds", "moment", "fallback", "limited"],
      ...(isCalm ? [] : ["V", "G"]),
      ...("shards" in options ? ["L"] : []),
    ];
    for (const kind of expected) t.ok(kinds[kind], `the day has ${kind}`);
    const held = told("held").join("\n");
    t.match(held, /the key that you gave/);
    t.match(held, /Every roll is the one that belongs to its person/);
    t.match(held, /Every outcome follows/);
    t.match(held, /The close counts what the logs have/);
  });
}

t.test("an open day is checked in part, and says what waits", async (t) => {
  const { draft } = proofDay({ seed: 8 });
  const files = filesOf(draft, { isOpen: true });
  const { wrong, told } = await checkDay(files);
  t.same(wrong, []);
  t.match(
    told("waits").join("\n"),
    /For the close: until the day is over its seed is secret/,
  );
  t.match(told("unknown").join("\n"), /moments that were won were due/);
  t.notMatch(told("held").join("\n"), /Every roll/);
  t.match(told("held").join("\n"), /Every outcome follows/);

  // The log goes on after its newest checkpoint.
  const log = draft.logs[0] ?? [];
  draft.checkpoints[0] = [10, 20];
  const ahead = await checkDay(filesOf(draft, { isOpen: true }));
  t.same(ahead.wrong, []);
  t.match(
    ahead.told("waits").join("\n"),
    new RegExp(
      `the last ${log.length - 20} lines of log-0.tsv are not signed yet`,
    ),
  );
});

t.test("a day that has only been sealed holds", async (t) => {
  const { draft } = proofDay({ users: 20 });
  draft.logs = [[]];
  draft.checkpoints = [[]];
  const { wrong, told } = await checkDay(filesOf(draft, { isOpen: true }));
  t.same(wrong, []);
  t.match(
    told("waits").join("\n"),
    /For a checkpoint of shard 0: there is none yet/,
  );
});

t.test("what can't be known is said", async (t) => {
  const { draft } = proofDay({ seed: 3, shards: 4, beacon: "missing" });
  const { told } = await checkDay(filesOf(draft));
  const unknown = told("unknown").join("\n");
  for (const sentence of [
    /Whose key .* is: it came with the day/,
    /Who drew: names are sealed/,
    /What lines Redis lost: declared are 1 loss/,
    /Why \d+ wins came to nothing/,
    /Whether the beacon was really away/,
    /Whether the seed was drawn by chance/,
    /Whether the seal was out before the day/,
    /Whether all who drew were real people/,
    /Whether other shards had units/,
  ]) {
    t.match(unknown, sentence);
  }
});

t.test("draws that came again after a loss are counted", async (t) => {
  const { draft } = proofDay({ seed: 1 });
  const { wrong, told } = await checkDay(filesOf(draft));
  t.same(wrong, []);
  t.match(
    told("unknown").join("\n"),
    /1 draw came again after them, by the same roll/,
  );
});

t.test("a prize may be called as what every object has", async (t) => {
  const { draft } = proofDay({ seed: 9 });
  draft.logs = draft.logs.map((lines) =>
    lines.map((line) => line.replaceAll("coupon", "constructor")),
  );
  const { wrong } = await checkDay(filesOf(draft));
  t.same(wrong, []);
});

t.test("what was there before, or changed by a hand, is said", async (t) => {
  const { told } = await checkDay(filesOf(proofDay({ seed: 1 }).draft));
  const unknown = told("unknown").join("\n");
  t.match(
    unknown,
    /Who runs the beacon's chain [0-9a-f]{64}: its owner knows its rounds/,
  );
  t.match(unknown, /How 127 units went before the first line that names/);
  t.match(
    unknown,
    /the prizes, the rules or the moments were changed 2 times within the day/,
  );
});

t.test("who is called nearly like a winner is not the winner", async (t) => {
  const { draft } = proofDay({ seed: 12 });
  const log = draft.logs[0] ?? [];
  const at = log.findIndex((line) => line.endsWith("\tlimited"));
  const fields = (log[at] ?? "").split("\t");
  const [found] = (await checkDay(filesOf(draft, { isOpen: true })))
    .told("unknown")
    .filter((it) => it.includes("lost rightly"));
  t.equal(found, undefined, "all had their wins");
  fields[4] = "1";
  fields[3] = `${fields[3]?.slice(0, 16)}${"0".repeat(16)}`;
  draft.logs = [[...log.slice(0, at), fields.join("\t")]];
  const { wrong, told } = await checkDay(filesOf(draft, { isOpen: true }));
  t.same(wrong, []);
  t.match(told("unknown").join("\n"), /Whether 1 draw lost rightly/);
});

t.test("a day that was sealed after it had begun says so", async (t) => {
  const { draft } = proofDay({ beacon: "none" });
  draft.seal.sealed_at = BEGINS_AT + 1;
  const { wrong, told } = await checkDay(filesOf(draft));
  t.same(wrong, []);
  t.match(
    told("unknown").join("\n"),
    /What was before 2026-11-30T16:00:00\.001Z: the seal says that it was made then/,
  );
});

t.test("a clock that goes back to before the seal is said", async (t) => {
  const { draft } = proofDay({ beacon: "none", isCalm: true });
  const log = (draft.logs[0] ?? []).slice(0, 3);
  const [, last = ""] = (log[2] ?? "").split("\t");
  draft.seal.sealed_at = Number(last) + 60_000;
  log[1] = (log[1] ?? "").replace(/\t\d+/, `\t${Number(last) + 60_000}`);
  const table = (log[0] ?? "").replace(/\t\d+/, `\t${Number(last) + 60_000}`);
  draft.logs = [[table, ...log.slice(1)]];
  const { wrong, told } = await checkDay(filesOf(draft, { isOpen: true }));
  t.same(
    wrong.filter((it) => it.includes("older than the seal")),
    [],
  );
  t.match(told("unknown").join("\n"), /Why the clock went back by 60,000 ms/);
});
