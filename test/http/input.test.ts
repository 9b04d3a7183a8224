import { connect } from "node:net";
import t from "tap";
import { spelled } from "../support/in-ascii.js";
import { type Body, told } from "../support/post.js";
import { setPrizes } from "../support/set-prizes.js";
import { bound } from "../support/slowdown.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";

/** Nothing but what nobody sees, or ann and marks that nobody sees. */
const INVISIBLE = [
  ..."\u200b \u2060 \u3164 \u115f \u1160 \uffa0 \u2800 \u180e \u00ad \u034f \u{e0061} \u{1d159}".split(
    " ",
  ),
  ..."a\u200bnn an\u200dn ann\u200c ann\ufe0f ann1\ufe0f a\u{e0100}nn \u202enna a\u200enn".split(
    " ",
  ),
  ..."\u2066ann\u2069 a\u061cnn a\ufeffnn a\u2061nn a\ufff9nn a\u{13430}nn a\u{1d173}nn".split(
    " ",
  ),
  ..."a\u{e0067}nn \u{1f3f4}\u{e0061} a\ufdd0 a\uffff a\u{10ffff} a\ue000 a\u{f0000} a\u0378".split(
    " ",
  ),
  ..."a\u2028n|a\u2029n|\u0627\u200c\u0628|\u0915\u200c|\u{1f600}\u200d|\u200d\u{1f600}".split(
    "|",
  ),
];

async function setUp(t: Parameters<typeof startServer>[0]) {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "SURE" }], server);
  const send = async (
    body: string | undefined,
    headers: Record<string, string> = { "content-type": "application/json" },
  ) => {
    const answer = await fetch(`${server.url}/draw`, {
      method: "POST",
      headers,
      body: body ?? null,
    });
    return { status: answer.status, body: (await answer.json()) as Body };
  };
  return { world, server, send };
}

t.test("bad input gets a clear 400 and uses up no draw", async (t) => {
  const { world, send } = await setUp(t);
  const name = (username: unknown) => JSON.stringify({ username });
  const bad: [string, string | undefined, RegExp][] = [
    ["no body", undefined, /^body: /],
    ["an empty body", "", /^body: /],
    ["no JSON", "{username", /^body: must be valid JSON/],
    ["a string", '"ann"', /^body: must be a JSON object/],
    ["a list", '["ann"]', /^body: must be a JSON object/],
    ["null", "null", /^body: must be a JSON object/],
    ["no username", "{}", /^username: is missing/],
    ["a number", name(7), /^username: must be a string/],
    ["null as a name", name(null), /^username: must be a string/],
    ["an object", name({ $ne: 1 }), /^username: must be a string/],
    ["an empty name", name(""), /^username: must have 1 to 64 characters/],
    [
      "only spaces",
      name(" \u3000\t"),
      /^username: must have 1 to 64 characters/,
    ],
    [
      "65 characters",
      name("x".repeat(65)),
      /^username: must have 1 to 64 characters/,
    ],
    [
      "65 after NFKC",
      name("\ufb03".repeat(22)),
      /^username: must have 1 to 64 characters/,
    ],
    [
      "a control character",
      name("a\u0007b"),
      /^username: must not hold control characters/,
    ],
    [
      "a tab inside",
      name("a\tb"),
      /^username: must not hold control characters/,
    ],
    [
      "a C1 control",
      name("a\u0085b"),
      /^username: must not hold control characters/,
    ],
    ["a NUL", name("a\u0000b"), /^username: must not hold control characters/],
    [
      "half a character",
      '{"username":"\\ud800"}',
      /^username: must be well-formed/,
    ],
    ["a lost character", name("a\ufffdb"), /^username: must be well-formed/],
    ...INVISIBLE.map((text): [string, string, RegExp] => [
      spelled(text),
      name(text),
      /^username: must not hold invisible characters, such as its U\+[0-9A-F]{4}/,
    ]),
    [
      "an unknown field",
      '{"username":"ann","admin":true}',
      /^admin: is not a field/,
    ],
    [
      "a prototype",
      '{"username":"ann","__proto__":{"x":1}}',
      /^body: must be valid JSON/,
    ],
    [
      "a mebibyte",
      name("x".repeat(1024 * 1024)),
      /^body: must not be larger than 4 KiB/,
    ],
  ];
  for (const [what, text, sentence] of bad) {
    const { status, body } = await send(text);
    t.equal(status, 400, what);
    t.match(
      body,
      { success: false, code: "INVALID_REQUEST", error: sentence },
      what,
    );
    t.notMatch(JSON.stringify(body), /node_modules|\.js|\.ts|stack/);
  }
  for (const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/xml",
    "nonsense",
  ]) {
    const { status, body } = await send('{"username":"ann"}', {
      "content-type": type,
    });
    t.equal(status, 400, type);
    t.match(
      body,
      { code: "INVALID_REQUEST", error: /^body: must be JSON/ },
      type,
    );
  }
  t.equal(
    told((await send('{"username":"ann"}')).body),
    "won",
    "nothing used up her draw",
  );
  const [row] = await world.sql`select count(*)::int as n from result`;
  t.equal(row?.n, 1);
});

t.test("bytes that are not UTF-8 do not make two users one", async (t) => {
  const { server } = await setUp(t);
  const types = ["application/json", "application/json; charset=iso-8859-1"];
  for (const [n, type] of types.entries()) {
    for (const odd of [0xe8 + n, 0xff]) {
      const answer = await fetch(`${server.url}/draw`, {
        method: "POST",
        headers: { "content-type": type },
        body: Buffer.from([
          ...Buffer.from('{"username":"Jos'),
          odd,
          0x22,
          0x7d,
        ]),
      });
      t.equal(answer.status, 400);
      t.match(await answer.json(), { error: /^body: must be JSON in UTF-8/ });
    }
  }
  for (const type of [
    "application/json; charset=utf-8",
    'application/json;charset="UTF8"',
  ]) {
    const answer = await fetch(`${server.url}/draw`, {
      method: "POST",
      headers: { "content-type": type },
      body: '{"username":"José"}',
    });
    t.equal(answer.status, 200, type);
  }
});

/** Sends bytes and returns all that comes back until the socket is closed. */
function raw(url: string, bytes: string): Promise<string> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(Number(port), "127.0.0.1", () =>
      socket.write(bytes),
    );
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
}

const head =
  "POST /draw HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";

t.test("garbage behind a draw does not take the draw's answer", async (t) => {
  const { server } = await setUp(t);
  const body = '{"username":"ann"}';
  const text = await raw(
    server.url,
    `${head}content-length: ${body.length}\r\n\r\n${body}GARBAGE\r\n\r\n`,
  );
  t.match(text, /^HTTP\/1\.1 200 /);
  t.match(text, /Congratulations/);
  t.notMatch(text, /HTTP\/1\.1 400/);
});

t.test("too long and too slow are told as what they are", async (t) => {
  const { server } = await setUp(t);
  const long = await raw(
    server.url,
    `GET /${"x".repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`,
  );
  t.match(
    long,
    /^HTTP\/1\.1 400 [\s\S]*URL and headers must be shorter than 16 KiB/,
  );
  const began = performance.now();
  const slow = await raw(server.url, `${head}content-length: 50\r\n\r\n{`);
  t.match(slow, /^HTTP\/1\.1 400 [\s\S]*must be sent within five seconds/);
  t.ok(performance.now() - began < bound(8_000));
});

t.test("Idempotency-Key: 1 to 255 visible characters", async (t) => {
  const { server } = await setUp(t);
  for (const key of ["x".repeat(256), "a b", "\u00e9"]) {
    const { status, body } = await server.draw("ann", key);
    t.equal(status, 400, key);
    t.match(body, {
      code: "INVALID_REQUEST",
      error: /^Idempotency-Key: must have 1 to 255 visible/,
    });
  }
  t.equal(told((await server.draw("ann", "k".repeat(255))).body), "won");
});

t.test("names of every script are names", async (t) => {
  const { server, world } = await setUp(t);
  const names = [
    "🎉👩‍👩‍👧‍👦",
    "שלום עולם",
    "1\ufe0f\u20e3 \u2764\ufe0f\u200d\u{1f525} \u2b50\ufe0f",
    "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
    "می\u200cخواهم",
    "ක්\u200dෂ",
    "র\u200d্য",
    "葛\u{e0100}城",
    "محمد",
    "x".repeat(64),
    "🎁".repeat(64),
    "O'Brien; drop table result",
    "{lucky-draw}:prizes",
    "a b",
    "__proto__",
    "%00",
  ];
  for (const name of names) {
    const { status, body } = await server.draw(name);
    t.equal(status, 200, name);
    t.equal(body.data?.result?.user_id, name.normalize("NFKC"), name);
  }
  const [row] =
    await world.sql`select count(distinct user_id)::int as n from result`;
  t.equal(row?.n, names.length);
});

t.test(
  "names that differ only in Unicode form or outer spaces are one user",
  async (t) => {
    const { server, world } = await setUp(t);
    t.equal(told((await server.draw("Zo\u00eb Fi")).body), "won");
    await server.settlements.idle();
    for (const same of [
      "Zoe\u0308 Fi",
      "  Zo\u00eb Fi ",
      "\u00a0Zo\u00eb\u00a0Fi",
      "Zo\u00eb \uff26\uff49",
    ]) {
      t.equal(told((await server.draw(same)).body), "participated", same);
    }
    t.equal(
      told((await server.draw("zo\u00eb fi")).body),
      "won",
      "case makes another name",
    );
    const rows = await world.sql`select user_id from result order by 1`;
    t.same(rows.map((row) => row.user_id).sort(), [
      "Zo\u00eb Fi",
      "zo\u00eb fi",
    ]);
  },
);

t.test("what is not HTTP, or has no route", async (t) => {
  const { server } = await setUp(t);
  const text = await raw(server.url, "NONSENSE\r\n\r\n");
  t.match(text, /^HTTP\/1\.1 400 /);
  t.match(text, /"code":"INVALID_REQUEST"/);
  const nowhere = await fetch(`${server.url}/nowhere`);
  t.equal(nowhere.status, 404);
  t.match(await nowhere.json(), { success: false, code: "NOT_FOUND" });
  const wrong = await fetch(`${server.url}/draw`);
  t.equal(wrong.status, 405);
  const badUrl = await fetch(`${server.url}/%c0`);
  t.match(await badUrl.json(), { success: false });
  t.equal((await fetch(`${server.url}/healthz`)).status, 200);
});
