import assert from "node:assert/strict";
import fc from "fast-check";
import { until } from "../support/until.js";
import { anyServer, command, type Weighted } from "./command.js";
import { listings, toRow } from "./history.js";
import { DAY, edit, type Model, midnight } from "./model.js";
import { type Change, FALLBACK, FIRST_PRIZES, isRefused } from "./table.js";
import type { Real } from "./world.js";

/** Promise 7's two seconds, and one for a busy machine. */
const IN_FORCE = 3_000;

const anyQuota = fc.option(fc.nat({ max: 4 }), { freq: 4 });

const anyChange: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ tenths: fc.constantFrom(0, 1, 3, 6, 9) }),
  fc.record({ daily: anyQuota }),
  fc.record({ total: anyQuota }),
  fc.record({ active: fc.boolean() }),
  fc.record({ fallback: fc.boolean() }),
);

/** An edit of a prize that a reload at one server brings into force, or time does. */
const editPrize = fc
  .record({
    id: fc.constantFrom(...FIRST_PRIZES.map(({ id }) => id)),
    change: anyChange,
    reload: fc.option(anyServer, { freq: 2 }),
  })
  .map(({ change, reload, ...any }) => {
    const id = "fallback" in change ? FALLBACK : any.id;
    const kind = reload === null ? "edit: in force by itself" : "edit: reload";
    const where = reload === null ? "" : ` at ${reload}`;
    return command(
      kind,
      `${id} ${JSON.stringify(change)}${where}`,
      (model, real) => editAsPromised(model, real, id, change, reload),
    );
  });

const reload = anyServer.map((n) =>
  command("reload", `at ${n}`, (_model, real) =>
    real.at(n).process.ask("reload"),
  ),
);

const sweep = anyServer.map((n) =>
  command("sweep", `at ${n}`, (_model, real) => real.sweepAll(n)),
);

/** Time goes on: to the last millisecond of a day, the first of the next, the same hour a day later. */
const later = fc
  .constantFrom(
    "the last millisecond of the day",
    "midnight",
    "a day later",
    "an hour later",
  )
  .map((moment) =>
    command("clock", `goes on to ${moment}`, async (model, real) => {
      // No service sleeps through the seconds in which it restores winners, and wakes up days later.
      if (moment !== "the last millisecond of the day") await real.whole(model);
      const moments = {
        "the last millisecond of the day": midnight(model) - 1,
        midnight: midnight(model),
        "a day later": model.now + DAY,
        "an hour later": model.now + DAY / 24,
      };
      model.now = moments[moment];
      await real.setNow(model);
    }),
  );

export const editCommands: Weighted[] = [
  { weight: 4, arbitrary: editPrize },
  { weight: 5, arbitrary: later },
  { weight: 1, arbitrary: reload },
  { weight: 1, arbitrary: sweep },
];

async function editAsPromised(
  model: Model,
  real: Real,
  id: string,
  change: Change,
  reload: number | null,
): Promise<void> {
  edit(model, id, change);
  const row = model.rows.find((row) => row.id === id);
  if (row)
    await real.sql`update prize set ${real.sql(toRow(model, row))} where id = ${id}`;
  if (reload === null)
    await until("the edit in force", () => inForce(model, real), IN_FORCE);
  else await real.at(reload).process.ask("reload");
  // From here on every server knows the rows, not only those that asked first.
  await real.all(({ process }) => process.ask("tick"));
  await inForce(model, real);
}

/** Every server lists what is in force, and says so where the rows were refused. */
async function inForce(model: Model, real: Real): Promise<void> {
  await listings(model, real);
  const wanted = isRefused(model.rows) ? [/sum to/] : [];
  for (const { url } of real.up()) {
    const answer = await fetch(`${url}/readyz`);
    const { problems } = (await answer.json()) as { problems: string[] };
    assert.equal(problems.length, wanted.length, problems.join());
    for (const [n, pattern] of wanted.entries())
      assert.match(problems[n] ?? "", pattern);
  }
}
