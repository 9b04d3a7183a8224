import t from "tap";
import { createBatcher } from "../src/batch.js";
import { until } from "./support/until.js";

/** A run whose end the test decides. */
function held() {
  const runs: number[][] = [];
  const ends: ((outcomes: (string | Error)[]) => void)[] = [];
  const run = (items: number[]) => {
    runs.push(items);
    return new Promise<(string | Error)[]>((resolve) => ends.push(resolve));
  };
  return { runs, ends, run };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Time for a run to end and the next one to begin. */
const turns = async () => {
  for (let n = 0; n < 3; n += 1) await turn();
};

t.test(
  "what comes in one turn of the event loop, or while a run is under way, goes together",
  async (t) => {
    const { runs, ends, run } = held();
    const { add, idle } = createBatcher(run, 3);
    const first = add(1);
    await turn();
    t.same(runs, [[1]], "a lone item runs as soon as the turn is over");
    const others = [2, 3, 4, 5].map(add);
    const outcomes = Promise.allSettled([first, ...others]);
    ends[0]?.(["one"]);
    await turns();
    t.same(runs, [[1], [2, 3, 4]], "no more than the largest batch");
    ends[1]?.(["two", new Error("three"), "four"]);
    await turns();
    ends[2]?.(["five"]);
    t.same(await outcomes, [
      { status: "fulfilled", value: "one" },
      { status: "fulfilled", value: "two" },
      { status: "rejected", reason: new Error("three") },
      { status: "fulfilled", value: "four" },
      { status: "fulfilled", value: "five" },
    ]);
    await idle();
  },
);

t.test("what waits for a slow run goes beside it", async (t) => {
  const { runs, ends, run } = held();
  const beside = { runs: 2, patience: 1 };
  const { add, idle, underWay } = createBatcher(run, 10, beside);
  const outcomes = [add(1)];
  await turn();
  outcomes.push(add(2), add(3));
  await until("one beside it", async () => {
    if (runs.length < 2) throw new Error("not yet");
  });
  outcomes.push(add(4), add(5));
  const patience = () => new Promise((resolve) => setTimeout(resolve, 5));
  for (let n = 0; n < 5; n += 1) await patience();
  t.same(runs, [[1], [2, 3]], "no more of them than may be under way");
  t.equal(underWay().items, 5);
  const oldest = underWay().running;
  ends[1]?.(["two", "three"]);
  await until("the next one", async () => {
    if (runs.length < 3) throw new Error("not yet");
  });
  t.ok(underWay().running >= oldest, "how long the oldest has been going");
  ends[0]?.(["one"]);
  outcomes.push(add(6));
  for (let n = 0; n < 5; n += 1) await patience();
  t.equal(runs.length, 3, "fewer than a slow run has wait for its end");
  outcomes.push(add(7));
  await until("one as large", async () => {
    if (runs.length < 4) throw new Error("not yet");
  });
  ends[3]?.(["six", "seven"]);
  await Promise.all(outcomes.slice(-2));
  let isIdle = false;
  const resting = idle().then(() => {
    isIdle = true;
  });
  for (let n = 0; n < 5; n += 1) await patience();
  t.notOk(isIdle, "an older one is still under way");
  ends[2]?.(["four", "five"]);
  await resting;
  const all = ["one", "two", "three", "four", "five", "six", "seven"];
  t.same(await Promise.all(outcomes), all);
  t.same(underWay(), { items: 0, running: 0 });
});

t.test("a failed run fails its items alone", async (t) => {
  let n = 0;
  const { add } = createBatcher(async (items: number[]) => {
    n += 1;
    if (n === 1) throw new Error("first");
    return items;
  }, 10);
  const first = Promise.allSettled([add(1)]);
  await turn();
  const others = Promise.allSettled([add(2), add(3)]);
  const outcomes = [...(await first), ...(await others)];
  t.same(
    outcomes.map((outcome) => outcome.status),
    ["rejected", "fulfilled", "fulfilled"],
  );
});

t.test(
  "an item that waited too long is refused instead of run for nobody",
  async (t) => {
    const { runs, ends, run } = held();
    const { add } = createBatcher(run, 10);
    const now = performance.now.bind(performance);
    const first = add(1);
    await turn();
    const late = add(2);
    performance.now = () => now() + 2_000;
    t.teardown(() => {
      performance.now = now;
    });
    ends[0]?.(["one"]);
    t.equal(await first, "one");
    await t.rejects(late, { code: "UNAVAILABLE" });
    t.same(runs, [[1]]);
  },
);

t.test("a full queue refuses at once", async (t) => {
  const { ends, run } = held();
  const { add } = createBatcher(run, 20_000);
  const first = add(0);
  await turn();
  const others = Array.from({ length: 10_000 }, (_, n) => add(n));
  const outcomes = [first, ...others];
  await t.rejects(add(-1), { code: "UNAVAILABLE" });
  ends[0]?.(["first"]);
  await turns();
  ends[1]?.(Array.from({ length: 10_000 }, () => "later"));
  t.equal((await Promise.all(outcomes)).length, 10_001);
});
