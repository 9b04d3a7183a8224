import { randomUUID } from "node:crypto";
import t, { type Test } from "tap";
import { pack } from "../../src/proof/log/pack.js";
import { drawnLines, keepDay, rootOfPath } from "../support/kept-day.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";

// The proof of one line, checked word for word by RFC 9162.

const PLACE = { campaign: "default", day: "2026-11-20" };

type Proof = {
  line: string;
  index: number;
  path: string[];
  checkpoint: string;
};

async function setUp(t: Test) {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  const ask = async (path: string) => {
    const answer = await fetch(`${server.url}/proof/${path}`);
    const { data, ...rest } = (await answer.json()) as { data: Proof };
    return { status: answer.status, data, ...rest };
  };
  return { world, server, ask };
}

function check(
  t: Test,
  { line, index, path, checkpoint }: Proof,
  size: number,
) {
  const [, said, root] = checkpoint.split("\n");
  t.equal(said, String(size));
  t.equal(rootOfPath(line, index, size, path), root, `${index} of ${size}`);
}

t.test("of logs of many sizes, each kept in its own way", async (t) => {
  const { world, ask } = await setUp(t);
  for (const [size, perChunk] of [
    [1, 1],
    [2, 9],
    [255, 100],
    [256, 256],
    [257, 256],
    [513, 7],
    [1_000, 300],
    [1_536, 4_000],
    [2_305, 1_000],
  ] as const) {
    const day = `2026-10-${11 + (size % 19)}`;
    const lines = drawnLines(PLACE, { draws: size - 1, odds: { CUP: 0.1 } });
    await keepDay(world.sql, {
      ...{ ...PLACE, day, closed: false, logs: [lines], perChunk },
      ...(size % 2 === 1 && { pack }),
    });
    const some = [
      0,
      1,
      2,
      99,
      254,
      255,
      256,
      257,
      511,
      512,
      767,
      size / 2,
      size - 2,
      size - 1,
    ];
    const asked = new Set(
      some.map(Math.floor).filter((n) => n >= 0 && n < size),
    );
    for (const n of asked) {
      const { data } = await ask(`default/${day}/0/${n}`);
      t.match(data, { line: lines[n], index: n }, `${n} of ${size}`);
      check(t, data, size);
    }
  }
});

t.test("by seq, where numbers are missing", async (t) => {
  const { world, ask } = await setUp(t);
  const before = drawnLines(PLACE, { draws: 299, odds: { CUP: 0.5 } });
  const at = Date.parse("2026-11-20T10:00:00Z");
  const gap = `10000\t${at}\tG\t300\t9999\tRedis lost data`;
  const after = drawnLines(PLACE, {
    draws: 350,
    odds: { CUP: 0.5 },
    first: 10_001,
  });
  const lines = [...before, gap, ...after];
  await keepDay(world.sql, {
    ...PLACE,
    closed: false,
    logs: [lines],
    perChunk: 90,
  });
  for (const [seq, index] of [
    [299, 299],
    [10_000, 300],
    [10_001, 301],
    [10_351, 651],
  ]) {
    const { data } = await ask(`default/2026-11-20/0/${seq}`);
    t.match(data, { index, line: new RegExp(`^${seq}\t`) });
    check(t, data, lines.length);
  }
  for (const path of [
    ...["default/2026-11-20/0/300", "default/2026-11-20/0/9999"],
    // The beginning of a number that is there.
    "default/2026-11-20/0/1000",
    ...["default/2026-11-20/0/10352", "default/2026-11-20/0/x"],
    ...["default/2026-11-20/1/0", "default/2026-11-20/zero/0"],
    ...["default/2026-11-21/0/0", "none/2026-11-20/0/0"],
    "default/2026-11-20/0/99999999999999",
  ]) {
    t.match(await ask(path), {
      status: 404,
      code: "PROOF_NOT_FOUND",
      error: /^seq: no line of this log has it; .* ask again/,
    });
  }
});

t.test("of a win, by its result", async (t) => {
  const { world, ask } = await setUp(t);
  const { sql } = world;
  const lines = drawnLines(PLACE, { draws: 400, odds: { CUP: 0.2 } });
  await keepDay(sql, { ...PLACE, closed: true, logs: [lines] });
  await sql`insert into prize (id, title, probability) values ('CUP', 'Cup', 0.2)`;
  const win = async (unit: number) => {
    const id = randomUUID();
    await sql`
      insert into result (id, user_id, prize_id, draw_date, unit, day_unit, created_at)
      values (${id}, ${`user ${unit}`}, 'CUP', '2026-11-20', ${unit}, ${unit}, now())`;
    return id;
  };
  const { data } = await ask(`results/${await win(3)}`);
  const line = lines.find((it) => it.includes("\tCUP:3:3\t"));
  t.match(data, {
    ...PLACE,
    shard: 0,
    seq: Number(line?.split("\t")[0]),
    line,
  });
  check(t, data, lines.length);
  t.match(await ask(`results/${await win(9_000)}`), {
    status: 404,
    code: "PROOF_NOT_FOUND",
    error: /^id: the log has no line of this win/,
  });
  for (const id of [randomUUID(), "1", "2026-11-20"]) {
    t.match(await ask(`results/${id}`), {
      status: 404,
      code: "RESULT_NOT_FOUND",
      error: "id: there is no such result.",
    });
  }
});

t.test("of a log that grows, asked by many at once", async (t) => {
  const { world, ask } = await setUp(t);
  const { sql } = world;
  const lines = drawnLines(PLACE, { draws: 2_999, odds: { CUP: 0.1 } });
  await keepDay(sql, { ...PLACE, closed: false, logs: [lines], perChunk: 100 });
  await sql`create table later as select * from proof_chunk where first_index >= 200`;
  await sql`delete from proof_chunk where first_index >= 200`;
  for (let size = 300; size <= 3_000; size += 100) {
    await sql`insert into proof_chunk select * from later where first_index = ${size - 100}`;
    const asked = [0, size - 1, size >> 1].map((n) =>
      ask(`default/2026-11-20/0/${n}`),
    );
    for (const { data } of await Promise.all(asked)) check(t, data, size);
  }
});
