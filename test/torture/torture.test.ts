import { randomInt } from "node:crypto";
import t from "tap";
import { text } from "./report.js";
import { isClean, torture } from "./torture.js";

t.setTimeout(240_000);

t.test(
  "three servers under load and faults of every kind: a short run",
  async (t) => {
    const seed = Number(process.env.TORTURE_SEED ?? randomInt(2 ** 31));
    t.comment(`TORTURE_SEED=${seed}`);
    const report = await torture(seed, 20, (line) => t.comment(line));
    t.comment(text(report));
    t.ok(isClean(report), `every promise holds (seed ${seed})`);
    const counted = new Map(report.findings.map((it) => [it.what, it.count]));
    t.ok((counted.get("announced wins") ?? 0) > 0, "wins were announced");
    t.ok((counted.get("refusals 503") ?? 0) > 0, "and faults were felt");
  },
);
