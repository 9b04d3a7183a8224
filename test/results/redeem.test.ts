import { randomUUID } from "node:crypto";
import { request } from "node:http";
import t from "tap";
import { spelled } from "../support/in-ascii.js";
import { inParallel } from "../support/in-parallel.js";
import { type Body, post } from "../support/post.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";

const NOBODYS = "00000000-0000-4000-8000-000000000000";

/** A GET, with a body where one is given: fetch can't send that. */
function get(url: string, payload?: string, type = "application/json") {
  return new Promise<{ status: number; body: Body; text: string }>(
    (resolve, reject) => {
      const headers =
        payload === undefined
          ? {}
          : {
              "content-type": type,
              "content-length": Buffer.byteLength(payload),
            };
      const call = request(url, { method: "GET", headers }, (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (chunk) => {
          text += chunk;
        });
        answer.on("end", () =>
          resolve({
            status: answer.statusCode ?? 0,
            body: JSON.parse(text),
            text,
          }),
        );
      });
      call.on("error", reject);
      call.end(payload);
    },
  );
}

async function winner(t: Parameters<typeof startServer>[0], username = "ann") {
  const world = await createWorld(t);
  const lines: string[] = [];
  const server = await startServer(t, world, {
    logged: (line) => lines.push(line),
  });
  await setPrizes(world, [{ id: "SURE" }], server);
  const won = (await server.draw(username)).body.data?.result;
  if (!won) throw new Error("no win");
  return { world, server, won, id: won.id, lines, url: `${server.url}/redeem` };
}

t.test(
  "by GET with a body, GET with a query string and POST: the same answer",
  async (t) => {
    const { url, id, won } = await winner(t);
    const fields = { id, username: "ann", phone_no: "+85299999999" };
    const answers = [
      await get(url, JSON.stringify(fields)),
      await get(`${url}?${new URLSearchParams(fields)}`),
      await post(url, fields),
      await post(url, { id, username: " ann ", phoneNumber: "9999 9999" }),
      await get(`${url}?${new URLSearchParams(fields)}`, ""),
    ];
    for (const { status, body } of answers) {
      t.equal(status, 200);
      t.match(body, {
        success: true,
        data: {
          message: "You have successfully redeemed your prize.",
          result: {
            ...won,
            phone_no: "+85299999999",
            redeemed_at: /^\d{4}-.*Z$/,
          },
        },
      });
      t.same(body, answers[0]?.body, "the first redemption's time, too");
    }
  },
);

t.test("answers are not stored by anybody in between", async (t) => {
  const { url, id } = await winner(t);
  const answer = await post(url, { id, username: "ann", phone_no: "99999999" });
  t.equal(answer.headers.get("cache-control"), "no-store");
});

t.test("somebody else's id and an unknown id look the same", async (t) => {
  const { url, id, world } = await winner(t);
  const others = await post(url, { id, username: "bob", phone_no: "99999999" });
  const unknown = await post(url, {
    id: NOBODYS,
    username: "bob",
    phone_no: "99999999",
  });
  t.equal(others.status, 404);
  t.equal(unknown.status, 404);
  t.same(others.body, {
    success: false,
    error: "No such result for this username.",
    code: "RESULT_NOT_FOUND",
  });
  t.same(unknown.body, others.body);
  const [row] = await world.sql`select phone_no, redeemed_at from result`;
  t.same(row, { phone_no: null, redeemed_at: null });
});

t.test("bad fields are told, and change nothing", async (t) => {
  const { url, id, world } = await winner(t);
  const good = { id, username: "ann", phone_no: "99999999" };
  const bad: [Record<string, unknown>, RegExp][] = [
    [{ ...good, id: "nonsense" }, /^id: must be a UUID/],
    [{ ...good, id: `${id}'--` }, /^id: must be a UUID/],
    [{ ...good, id: `urn:uuid:${id}` }, /^id: must be a UUID/],
    [{ ...good, id: 7 }, /^id: must be a string/],
    [{ username: "ann" }, /^id: is missing/],
    [{ id }, /^username: is missing/],
    [{ ...good, phone_no: "12" }, /^phone_no: must be a valid phone number/],
    [
      { ...good, phone_no: "call me" },
      /^phone_no: must be a valid phone number/,
    ],
    [
      { ...good, phone_no: "+999 1234" },
      /^phone_no: must be a valid phone number/,
    ],
    [{ ...good, phone_no: "" }, /^phone_no: is empty; leave it out, or send/],
    [{ ...good, phoneNumber: "\u200e \n" }, /^phoneNumber: is empty; leave/],
    [{ ...good, phone_no: 99999999 }, /^phone_no: must be a string/],
    [{ ...good, phone_no: "9".repeat(65) }, /^phone_no: /],
    [
      { ...good, phoneNumber: "61234567" },
      /^phoneNumber: is another name for phone_no/,
    ],
    [
      { id, username: "ann", phoneNumber: "abc" },
      /^phoneNumber: must be a valid phone number/,
    ],
    [{ ...good, colour: "red" }, /^colour: is not a field of this request/],
    [{ ...good, username: "" }, /^username: must have 1 to 64 characters/],
  ];
  for (const [fields, sentence] of bad) {
    for (const answer of [
      await post(url, fields),
      await get(url, JSON.stringify(fields)),
    ]) {
      t.equal(answer.status, 400);
      t.match(answer.body, {
        success: false,
        code: "INVALID_REQUEST",
        error: sentence,
      });
    }
  }
  for (const text of ["[]", '"x"', "0", "false"]) {
    const answer = await get(url, text);
    t.equal(answer.status, 400);
    t.match(answer.body, { error: /^body: must be a JSON object/ });
  }
  const query = await get(`${url}?id=${id}&username=ann&username=bob`);
  t.equal(query.status, 400);
  for (const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "nonsense",
  ]) {
    const answer = await get(url, JSON.stringify(good), type);
    t.equal(answer.status, 400, type);
    t.match(answer.body, {
      code: "INVALID_REQUEST",
      error: /^body: must be JSON/,
    });
  }
  const [row] = await world.sql`select phone_no, redeemed_at from result`;
  t.same(row, { phone_no: null, redeemed_at: null });
});

t.test(
  "a second phone number is refused, the first one again is not",
  async (t) => {
    const { url, id, world } = await winner(t);
    const first = await post(url, {
      id,
      username: "ann",
      phone_no: "99999999",
    });
    const second = await post(url, {
      id,
      username: "ann",
      phone_no: "61234567",
    });
    t.equal(second.status, 409);
    t.match(second.body, {
      success: false,
      code: "ALREADY_REDEEMED",
      error: /already been redeemed/,
    });
    const without = await post(url, { id, username: "ann" });
    t.equal(without.status, 409, "no number is not that number");
    t.match(without.body.error, /with a phone number: send that number/);
    t.same(
      (await post(url, { id, username: "ann", phone_no: "+852 9999-9999" }))
        .body,
      first.body,
    );
    const [row] = await world.sql`select phone_no from result`;
    t.equal(row?.phone_no, "+85299999999");
  },
);

t.test("a phone number as it comes from contacts", async (t) => {
  const { url, id } = await winner(t);
  const pasted = [
    "tel:+852-9999-9999",
    "TEL:+852%209999%209999",
    "tel:9999-9999;phone-context=+852",
    "+852 9999 9999\r\n",
    "\ufeff\u202a+852 9999 9999\u202c",
    "\u2068+852\u202f9999\u00a09999\u2069",
    "\u200e9999\u200b9999",
    "\uff0b\uff18\uff15\uff12\u3000\uff19\uff19\uff19\uff19\uff19\uff19\uff19\uff19",
    "+852\u20139999\u22129999",
    "+852\u20119999\u00ad9999",
    "+852\uff089999\uff099999",
    `+852${"\u096f".repeat(8)}`,
    `+\u0e58\u0e55\u0e52${"\u0e59".repeat(8)}`,
  ];
  for (const phone_no of pasted) {
    const answer = await post(url, { id, username: "ann", phone_no });
    t.equal(
      answer.body.data?.result?.phone_no,
      "+85299999999",
      spelled(phone_no),
    );
  }
});

t.test("null is no phone number", async (t) => {
  const { url, id } = await winner(t);
  const fields = { id, username: "ann" };
  for (const none of [{ phone_no: null }, { phoneNumber: null }]) {
    const answer = await post(url, { ...fields, ...none });
    t.equal(answer.body.data?.result?.phone_no, null);
  }
  const one = { ...fields, phone_no: null, phoneNumber: "99999999" };
  t.equal((await post(url, one)).body.data?.result?.phone_no, "+85299999999");
});

t.test("without a phone number, which may follow later", async (t) => {
  const { url, id } = await winner(t);
  const without = await post(url, { id, username: "ann" });
  t.equal(without.status, 200);
  t.equal(without.body.data?.result?.phone_no, null);
  t.same((await post(url, { id, username: "ann" })).body, without.body);
  const later = await post(url, { id, username: "ann", phone_no: "99999999" });
  t.equal(later.body.data?.result?.phone_no, "+85299999999");
  t.equal(
    later.body.data?.result?.redeemed_at,
    without.body.data?.result?.redeemed_at,
  );
});

t.test("of four numbers at once one holds it, every time", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "SURE" }], server);
  const url = `${server.url}/redeem`;
  // All of its connections to Postgres are there before it counts.
  const nobody = { id: randomUUID(), username: "nobody" };
  await Promise.all(Array.from({ length: 10 }, () => post(url, nobody)));
  const phones = ["91111111", "92222222", "93333333", "94444444"];
  for (let n = 0; n < 20; n += 1) {
    const username = `user ${n}`;
    const id = (await server.draw(username)).body.data?.result?.id;
    const answers = await Promise.all(
      phones.map((phone_no) => post(url, { id, username, phone_no })),
    );
    const statuses = answers.map(({ status }) => status);
    t.same(statuses.sort(), [200, 409, 409, 409]);
  }
});

t.test("two at once with two numbers: one holds it", async (t) => {
  const { url, id, world } = await winner(t);
  const phones = ["91111111", "92222222", "93333333", "94444444"];
  const statuses = new Map<string, number>();
  await inParallel(phones, 4, async (phone_no) => {
    statuses.set(
      phone_no,
      (await post(url, { id, username: "ann", phone_no })).status,
    );
  });
  t.same([...statuses.values()].sort(), [200, 409, 409, 409]);
  const [row] = await world.sql`select phone_no from result`;
  const holder = [...statuses].find(([, status]) => status === 200)?.[0];
  t.equal(row?.phone_no, `+852${holder}`);
});

t.test("no log line holds a username or a phone number", async (t) => {
  const { url, id, lines, world } = await winner(t, "Quetzalcoatl");
  const fields = { id, username: "Quetzalcoatl", phone_no: "99998888" };
  await get(`${url}?${new URLSearchParams(fields)}`);
  await get(
    `${url}?${new URLSearchParams({ ...fields, phone_no: "99998888x" })}`,
  );
  await post(url, { ...fields, phone_no: "61234567" });
  await world.sql`alter table result rename to elsewhere`;
  const broken = await post(url, fields);
  t.equal(broken.status, 503);
  t.same(broken.body, {
    success: false,
    error: "The draw is unavailable right now. Please try again in a moment.",
    code: "UNAVAILABLE",
  });
  t.ok(lines.length > 0);
  t.notMatch(lines.join("\n"), /Quetzalcoatl|99998888|61234567/);
});
