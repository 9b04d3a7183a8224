import t from "tap";
import { createGate } from "../../src/engine/gate.js";

/** A gate whose time a test sets, with as many requests under way as the test wants. */
function setUp(waiting = () => ({ wins: 0, stalled: false })) {
  let now = 0;
  let late = 0;
  const gate = createGate(
    { waiting },
    () => late,
    () => now,
  );
  const ends: (() => void)[] = [];

  /** Lets in as many as the gate takes, up to so many. */
  function enter(most: number): number {
    let entered = 0;
    while (entered < most && !gate.isFull()) {
      gate.pass(() => new Promise<void>((resolve) => ends.push(resolve)));
      entered += 1;
    }
    return entered;
  }

  /** So many end, evenly spread over so many milliseconds. */
  async function leave(count: number, milliseconds: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      now += milliseconds / count;
      ends.shift()?.();
      await new Promise<void>((resolve) => process.nextTick(resolve));
    }
  }

  const lag = (milliseconds: number) => {
    late = milliseconds;
  };

  return { gate, enter, leave, lag };
}

t.test("a crowd is let in before the speed is known", async (t) => {
  const { gate, enter } = setUp();
  t.equal(enter(3_200), 3_200);
  t.equal(gate.isFull(), false);
});

t.test(
  "what would wait longer than a second is refused, at once",
  async (t) => {
    const { gate, enter, leave } = setUp();
    t.equal(enter(50_000), 4_500, "as many as are answered in a second");
    await t.rejects(
      gate.pass(async () => {}),
      { code: "UNAVAILABLE" },
    );
    await leave(1, 1);
    t.equal(enter(10), 1, "who comes when one has gone is served");
  },
);

t.test("the speed of the last ones decides, not their number", async (t) => {
  for (const perSecond of [4_000, 2_000, 1_000]) {
    const { gate, enter, leave } = setUp();
    enter(1_500);
    for (let round = 0; round < 25; round += 1) {
      await leave(600, 600_000 / perSecond);
      enter(600);
    }
    const { underWay } = gate.load();
    const fit = underWay + enter(100_000);
    t.ok(
      Math.abs(fit - perSecond) < perSecond / 4,
      `${fit} fit at ${perSecond}/s`,
    );
  }
});

t.test("batches that end together are no speed of their own", async (t) => {
  const { gate, enter, leave } = setUp();
  enter(2_000);
  for (let round = 0; round < 40; round += 1) {
    await leave(499, 1); // all at once, then nothing for as long as the next one takes
    await leave(1, 249);
    enter(500);
  }
  const { perSecond } = gate.load();
  t.ok(Math.abs(perSecond - 2_000) < 500, `${perSecond}`);
});

t.test(
  "who has waited to be read is let in only where it is answered in time",
  async (t) => {
    const { gate, enter } = setUp();
    enter(500);
    t.equal(gate.isFull(1_450), false, "675 in the 150 ms that are left");
    t.equal(gate.isFull(1_500), true, "450 in 100 ms");
    t.equal(gate.isFull(10_000), true);
    const { gate: calm, enter: few } = setUp();
    few(255);
    t.equal(calm.isFull(10_000), false, "those few are answered at once");
  },
);

t.test("a process that comes late lets fewer in", async (t) => {
  const { enter, lag } = setUp();
  lag(300);
  t.equal(enter(50_000), 1_800);
  const { enter: other, lag: late } = setUp();
  late(2_000);
  t.equal(other(50_000), 1_125, "and never fewer than a quarter");
});

t.test(
  "a server that waits for its callers is not taken for slow",
  async (t) => {
    const { enter, leave } = setUp();
    for (let n = 0; n < 2_000; n += 1) {
      enter(1);
      await leave(1, 3); // a lone caller, 3 ms each
    }
    t.equal(enter(3_200), 3_200);
  },
);

t.test("however slow, 256 are let in", async (t) => {
  const { enter, leave } = setUp();
  enter(4_500);
  await leave(4_000, 4_500_000);
  await leave(500, 1);
  t.equal(enter(5_000), 256);
});

t.test("and never more than memory is for", async (t) => {
  const { gate, enter, leave } = setUp();
  for (let n = 0; n < 30; n += 1) {
    enter(4_000);
    await leave(3_000, 100);
  }
  t.equal(gate.load().underWay + enter(100_000), 4_500);
});

t.test(
  "wins that wait for a silent Postgres are no load, until there are 5,000",
  async (t) => {
    let waiting = { wins: 0, stalled: false };
    const { gate, enter } = setUp(() => waiting);
    t.equal(enter(50_000), 4_500);
    waiting = { wins: 4_999, stalled: true };
    t.equal(gate.isFull(), false, "draws without a prize go on");
    waiting = { wins: 4_999, stalled: false };
    t.equal(gate.isFull(), true, "a busy Postgres is load");
    waiting = { wins: 5_000, stalled: true };
    t.equal(gate.isFull(), true);
  },
);
