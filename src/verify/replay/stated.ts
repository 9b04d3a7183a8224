import { own } from "../json.js";
import type { Range, Table } from "../log/table.js";
import { counted, Wrong } from "../report.js";
import { CountedPool } from "../rules/pool.js";
import type { Prize } from "../rules/prizes.js";
import { inWords, without } from "../rules/ranges.js";

/** What a log has counted up to a T line. */
export type Counted = {
  prizes: Map<string, Prize>;
  draws: { ever: number; today: number };
  /** numbers of wins that came to nothing, by prize, and that no T line has told yet */
  back: Map<string, { all: Range[]; day: Range[] }>;
  isFirst: boolean;
  /** a G line was there before it */
  hadLoss: boolean;
  /** G, V or R lines came since the T line before */
  isExplained: boolean;
  /** draws of the day before may still come */
  isEarly: boolean;
};

/**
 * Whether a T line says what the lines before it make. Returns how many units more it says than they do, for a stated reason, and how
 * many had gone of prizes that no line named before.
 */
export function checkStated(
  table: Table,
  before: Counted,
): { jumps: number; unitsBefore: number } {
  let unexplained = 0;
  let unitsBefore = 0;
  const compare = (
    what: string,
    stated: number,
    made: number,
    mayBeMore: boolean,
  ): number => {
    if (stated === made || before.isExplained || (mayBeMore && stated > made)) {
      return Math.max(0, stated - made);
    }
    throw new Wrong(
      `${what}: this line counts ${counted(stated)} before it, but the lines before make ${counted(made)}`,
    );
  };
  const ids = new Set([
    ...table.prizes.map(({ id }) => id),
    ...Object.keys(table.taken),
    ...Object.keys(table.taken_today),
  ]);
  for (const id of ids) {
    const known = before.prizes.get(id);
    const ever = own(table.taken, id) ?? 0;
    const today = own(table.taken_today, id) ?? 0;
    if (known) {
      unexplained += compare(
        `units of ${id}`,
        ever,
        known.all.counter,
        before.isEarly,
      );
    } else if (table.prizes.some((it) => it.id === id)) {
      unitsBefore += ever;
    }
    const since = known?.today.counter ?? 0;
    unexplained += compare(
      `units of ${id} today`,
      today,
      since,
      before.isFirst && before.hadLoss,
    );
  }
  const { ever, today } = table.draws;
  if (!before.isFirst)
    compare("draws", ever, before.draws.ever, before.isEarly);
  compare(
    "draws today",
    today,
    before.draws.today,
    before.isFirst && before.hadLoss,
  );
  if (!before.isFirst && !before.hadLoss) checkSpare(table, before);
  return { jumps: before.isFirst ? 0 : unexplained, unitsBefore };
}

/** Numbers come back by V lines only, and go by draws only. */
function checkSpare(table: Table, { prizes, back }: Counted): void {
  for (const [id, { all, today }] of prizes) {
    for (const [name, pool] of [
      ["all", all],
      ["day", today],
    ] as const) {
      if (!(pool instanceof CountedPool)) continue;
      if (!table.prizes.some((it) => it.id === id)) continue;
      const stated = own(table.spare, id)?.[name] ?? [];
      const returned = back.get(id)?.[name] ?? [];
      const [strange] = without(stated, [...pool.spare(), ...returned]);
      if (strange) {
        throw new Wrong(
          `spare numbers of ${id}: ${inWords(strange)} did not come back by any line`,
        );
      }
      const [missing] = without(pool.spare(), stated);
      if (missing) {
        throw new Wrong(
          `spare numbers of ${id}: ${inWords(missing)} is gone, and no draw took it`,
        );
      }
    }
  }
}
