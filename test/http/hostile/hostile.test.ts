import fc from "fast-check";
import t, { type Test } from "tap";
import { drawnLines, keepDay } from "../../support/kept-day.js";
import { post as ask, told } from "../../support/post.js";
import { listing, startProcess } from "../../support/server-process.js";
import { setPrizes } from "../../support/set-prizes.js";
import { bound } from "../../support/slowdown.js";
import { until } from "../../support/until.js";
import { createWorld } from "../../support/world.js";
import { type Answer, mustBeOurs } from "./answers.js";
import { anyBytes, badlyFramed, cut } from "./bytes.js";
import { forAll } from "./fuzz.js";
import { mustBeInOrder, pipelined, pipelines } from "./pipeline.js";
import * as requests from "./requests.js";
import { neverReading, slowSenders, stayers } from "./slow.js";
import { spoiled, spoils } from "./spoiled.js";
import { watch } from "./watch.js";
import { createCaller } from "./wire.js";

/**
 * In MiB: more than V8's own ups and downs, with a young generation of 64 MiB that the warm-up may not have filled; less than
 * the requests of a run would take if they stayed.
 */
const GROWTH = 128;

const world = await createWorld(t);
const server = await startProcess(t, world);
await setPrizes(world, [{ id: "SURE" }]);
await listing([server], "SURE");
const DAY = { campaign: "default", day: "2026-11-20" };
const log = drawnLines(DAY, { draws: 50, odds: { SURE: 0.5 } });
await keepDay(world.sql, { ...DAY, closed: true, logs: [log] });
const caller = createCaller(t, server.url);
const seen = watch(server);
const prizesUrl = `${server.url}/prizes`;
const refused: string[] = [];

/** Where a request is cut into pieces. */
const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
  maxLength: 3,
});

type Check = (t: Test, share: number, firstRound?: number) => Promise<void>;

const PROPERTIES: Record<string, Check> = {
  "any bytes": (t, share, first) =>
    forAll(
      t,
      share,
      fc.tuple(anyBytes, fc.constantFrom("end", "reset")),
      async ([bytes, how]) => {
        const leave = { how, after: 10 } as const;
        const pieces = [Buffer.from(bytes, "latin1")];
        const answers = await caller.exchange({ pieces, leave });
        for (const answer of answers) mustBeOurs(answer);
      },
      first,
    ),

  "JSON of every kind, and what is none": (t, share, first) =>
    forAll(
      t,
      share,
      fc.tuple(requests.withBody, places),
      async ([request, places]) => {
        const answer = await single(request, places);
        const drawn = request.target === "/draw" && isDraw(request.body);
        if (answer.status === 200 && !drawn) throw new Error("200 for garbage");
      },
      first,
    ),

  "every method on every path": (t, share, first) =>
    forAll(
      t,
      share,
      requests.withTarget,
      async (request) => {
        const { status } = await single(request, []);
        if (status === 200) mustBeReadable(request);
      },
      first,
    ),

  "odd headers and floods of them": (t, share, first) =>
    forAll(
      t,
      share,
      requests.withHeaders,
      async (request) => {
        const { status } = await single(request, []);
        if (status === 200) mustBeReadable(request);
      },
      first,
    ),

  "a GET with a body of every content type": (t, share, first) =>
    forAll(
      t,
      share,
      fc.tuple(requests.getWithBody, places),
      async ([request, places]) => {
        const { status } = await single(request, places);
        if (status === 200) mustBeReadable(request);
      },
      first,
    ),

  "bodies that are not as long as they say": (t, share, first) =>
    forAll(
      t,
      share,
      badlyFramed,
      async (text) => {
        const pieces = [Buffer.from(text, "latin1")];
        const leave = { how: "end", after: 20 } as const;
        const answers = await caller.exchange({ pieces, leave });
        for (const answer of answers) {
          mustBeOurs(answer);
          if (answer.status === 200) throw new Error("200 for garbage");
        }
      },
      first,
    ),

  "pipelined requests: each its own answer, in order": (t, share, first) =>
    forAll(
      t,
      share,
      fc.tuple(pipelines, fc.boolean()),
      async ([pipeline, apart]) => {
        const sending = pipelined(pipeline, apart);
        mustBeInOrder(pipeline, await caller.exchange(sending));
      },
      first,
    ),

  "one thing wrong with a draw": (t, share, first) =>
    forAll(
      t,
      share,
      fc.tuple(spoils, places),
      async ([what, places]) => {
        const name = `refused ${refused.length}`;
        refused.push(name);
        const pieces = cut(spoiled(what, name), places);
        const [answer] = await caller.exchange({ pieces, answers: 1 });
        if (!answer) throw new Error("closed without an answer");
        mustBeOurs(answer);
        if (answer.status === 200) throw new Error("200 for garbage");
      },
      first,
    ),
};

t.test("hostile input", async (t) => {
  const names = Object.entries(PROPERTIES);
  await t.test("warm-up", async (t) => {
    // The same kinds of input as later, by other seeds: afterwards V8 has compiled and allocated what it keeps.
    for (const [, check] of names) await check(t, 0.2 / names.length, 1e6);
  });
  const before = { memory: await seen.memory(), files: await seen.files() };
  const stopPulse = seen.pulse();
  const slow = slowSenders(caller);
  slow.catch(() => {}); // told below
  const staying = stayers(caller);
  staying.catch(() => {}); // told below
  const release = neverReading(caller, 5);

  for (const [name, check] of names) {
    await t.test(name, (t) => check(t, 0.8 / names.length));
  }

  await t.test("slow senders are cut off, with a word", async (t) => {
    const { count, longest } = await slow;
    t.pass(`${count} slow senders, the longest ${longest} ms`);
  });
  await t.test("who stays after the last word is cut off", (t) =>
    t.resolves(staying),
  );
  release();

  await t.test("others are answered meanwhile", async (t) => {
    const { count, longest } = await stopPulse();
    t.comment(`${count} signs of life, the longest wait ${longest} ms`);
    t.ok(longest < bound(2_000));
  });

  await t.test("the server is as before", async (t) => {
    t.equal(server.child.exitCode, null);
    t.equal(server.child.signalCode, null);
    t.same(seen.complaints(), [], "nothing in its log");
    const files = await until("closed connections", async () => {
      const now = await seen.files();
      // The stores' connections come and go.
      if (now > before.files + 20) throw new Error(`${now} open files`);
      return now;
    });
    t.comment(`${files} open files, ${before.files} before`);
    // A few ordinary requests, in which V8 may come to collecting what the hostile ones have left.
    const memory = await until("memory as before", async () => {
      for (let n = 0; n < 100; n += 1) await (await fetch(prizesUrl)).text();
      const now = await seen.memory();
      if (now > before.memory + GROWTH) throw new Error(`${now} MiB`);
      return now;
    });
    t.comment(`${memory} MiB resident, ${before.memory} after the warm-up`);
  });
});

t.test("who was refused can still draw", async (t) => {
  const step = Math.ceil(refused.length / 100);
  const some = refused.filter((_, n) => n % step === 0);
  const began = performance.now();
  const answers = await Promise.all(
    some.map((username) => ask(`${server.url}/draw`, { username })),
  );
  t.comment(
    `${some.length} draws, ${Math.round(performance.now() - began)} ms`,
  );
  t.ok(performance.now() - began < bound(2_000), "at once");
  t.same(new Set(answers.map(({ body }) => told(body))), new Set(["won"]));
  const rows = await world.sql`select user_id from result
    where user_id like 'refused %'`;
  t.same(rows.map((row) => row.user_id).sort(), some.sort(), "nobody else did");
});

/** A whole request gets one answer: ours. */
async function single(
  request: requests.Request,
  places: number[],
): Promise<Answer> {
  const pieces = cut(requests.toBytes(request), places);
  const methods = [request.method];
  const [answer] = await caller.exchange({ pieces, methods, answers: 1 });
  if (!answer) throw new Error("closed without an answer");
  mustBeOurs(answer, request.method);
  return answer;
}

function mustBeReadable({ method, target }: requests.Request): void {
  const path = decodeURIComponent(target.replace(/[?#].*$/s, ""));
  const readable =
    /^((http:\/\/x)?(\/(prizes|healthz|readyz|proof)?)?|\*)$/.test(path) ||
    requests.PUBLISHED.includes(path);
  if (!/^(GET|HEAD)$/.test(method) || !readable) {
    throw new Error("200 for garbage");
  }
}

/** Whether a body asks for a draw of a name that may be one. */
function isDraw(body: string | Uint8Array = ""): boolean {
  try {
    const asked = JSON.parse(Buffer.from(body).toString());
    const { username } = asked;
    return (
      Object.keys(asked).join() === "username" &&
      typeof username === "string" &&
      username.isWellFormed() &&
      /\S/.test(username) &&
      !/\p{Cc}/u.test(username.trim())
    );
  } catch {
    return false;
  }
}
