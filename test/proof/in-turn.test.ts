import t from "tap";
import { inTurn } from "../../src/proof/read/in-turn.js";
import type { Postgres } from "../../src/stores/postgres.js";

// Who reads proofs has one link to Postgres, and no more than so many wait for it.

/** A Postgres whose statements end when they are told to. */
function held() {
  const ends: { resolve(): void; reject(error: Error): void }[] = [];
  const query = () =>
    new Promise<void>((resolve, reject) => ends.push({ resolve, reject }));
  const postgres = inTurn({ query } as unknown as Postgres);
  const ask = () => postgres.query((sql) => sql`select`);
  return { ask, ends };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

t.test("one statement at a time, also behind one that failed", async (t) => {
  const { ask, ends } = held();
  const [first, second, third] = [ask(), ask(), ask()];
  await turn();
  t.equal(ends.length, 1);
  ends[0]?.reject(new Error("away"));
  await t.rejects(first, { message: "away" });
  await turn();
  t.equal(ends.length, 2);
  ends[1]?.resolve();
  await second;
  await turn();
  ends[2]?.resolve();
  await third;
  t.equal(ends.length, 3);
});

t.test("too many are refused, until there is room again", async (t) => {
  const { ask, ends } = held();
  const asked = Array.from({ length: 200 }, ask);
  await t.rejects(ask(), { code: "UNAVAILABLE" });
  await turn();
  ends[0]?.resolve();
  await asked[0];
  asked.push(ask());
  await t.rejects(ask(), { code: "UNAVAILABLE" });
  for (let n = 1; n <= 200; n += 1) {
    await turn();
    ends[n]?.resolve();
  }
  await Promise.all(asked);
});
