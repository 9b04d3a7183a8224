import t from "tap";
import { checkDay } from "../support/check-day.js";
import {
  type DayOptions,
  type Draft,
  filesOf,
  proofDay,
} from "../support/proof-day.js";
import type { Case } from "./tampering/case.js";
import { CHEATS } from "./tampering/cheats.js";
import { LINES } from "./tampering/lines.js";
import { NOTES } from "./tampering/notes.js";
import { ODDITIES } from "./tampering/oddities.js";
import { SEALS } from "./tampering/seals.js";
import { SHARDS } from "./tampering/shards.js";
import { TABLES } from "./tampering/tables.js";

// Whoever runs the draws has the keys: what they could sign and hash anew is signed and hashed anew, so that only the check of what
// was changed can find it.

const DAYS: Record<string, DayOptions> = {
  calm: { isCalm: true, seed: 11 },
  eventful: { seed: 12 },
  open: { isCalm: true, seed: 13, names: "open", beacon: "none" },
  missing: { isCalm: true, seed: 14, beacon: "missing" },
  sharded: { isCalm: true, seed: 15, shards: 3 },
};
const drafts = new Map<string, Draft>();
function draftOf(day: string): Draft {
  const made = drafts.get(day) ?? proofDay(DAYS[day]).draft;
  drafts.set(day, made);
  return structuredClone(made);
}

for (const day of Object.keys(DAYS)) {
  t.test(`the day ${day} holds before anybody touches it`, async (t) => {
    t.same((await checkDay(filesOf(draftOf(day)))).wrong, []);
  });
}

const groups: Record<string, Case[]> = {
  LINES,
  TABLES,
  SHARDS,
  SEALS,
  NOTES,
  ODDITIES,
  CHEATS,
};
for (const [group, cases] of Object.entries(groups)) {
  t.test(group.toLowerCase(), async (t) => {
    for (const {
      name,
      day = "calm",
      change,
      files: changeFiles,
      isOpen,
      asked,
      says,
    } of cases) {
      const draft = draftOf(day);
      const place = change?.(draft);
      const files = filesOf(draft, isOpen ? { isOpen } : {});
      const elsewhere = changeFiles?.(files, draft);
      const { wrong } = await checkDay(files, asked?.(draft) ?? {});
      const [first = "nothing is wrong"] = wrong;
      t.match(first, says, `${name}: ${first}`);
      const expected = place ?? elsewhere;
      if (expected)
        t.ok(
          first.startsWith(`${expected}: `),
          `${name} is at ${expected}, not ${first}`,
        );
    }
  });
}

t.test("forty kinds and more", async (t) => {
  t.ok(Object.values(groups).flat().length >= 40);
});
