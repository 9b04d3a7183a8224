import t from "tap";
import { ADMIN, ADMIN_TOKEN, ANY, adminOf } from "../support/admin-calls.js";
import { createProxy } from "../support/link.js";
import { told } from "../support/post.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";

// The prizes as administrators edit them.

const MUG = { id: "MUG", title: "Mug", probability: 0.25 };

t.test("only with the token", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  const ask = (authorization?: string, method = "GET") =>
    fetch(`${server.url}/admin/prizes`, {
      method,
      ...(authorization && { headers: { authorization } }),
    });
  for (const wrong of [
    undefined,
    "Bearer",
    `Bearer ${ADMIN_TOKEN}0`,
    `Bearer ${ADMIN_TOKEN.slice(1)}`,
    `Basic ${ADMIN_TOKEN}`,
    ADMIN_TOKEN,
    `Bearer ${"x".repeat(10_000)}`,
  ]) {
    for (const method of ["GET", "POST", "PUT"]) {
      const answer = await ask(wrong, method);
      t.equal(answer.status, 401);
      t.equal(answer.headers.get("www-authenticate"), "Bearer");
      t.equal(answer.headers.get("cache-control"), "no-store");
      t.match(await answer.json(), { success: false, code: "UNAUTHENTICATED" });
    }
  }
  const answer = await ask(`bearer ${ADMIN_TOKEN}`);
  t.equal(answer.status, 200);
  t.equal(answer.headers.get("cache-control"), "no-store");
});

t.test("a prize may be called as what every object has", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  const call = adminOf(server.url);
  for (const id of ["constructor", "__proto__", "toString"]) {
    const made = await call("POST", "/prizes", {
      id,
      title: id,
      probability: 0.3,
      daily_quota: 5,
      total_quota: 9,
    });
    t.equal(made.status, 201, id);
  }
  const shown = await fetch(`${server.url}/prizes`);
  t.equal(shown.status, 200);
  const { data } = (await shown.json()) as {
    data: { prizes: { id: string; left_today: number; left_total: number }[] };
  };
  for (const { id, left_today, left_total } of data.prizes) {
    t.same([left_today, left_total], [5, 9], id);
  }
  for (let n = 0; n < 150; n += 1) await server.draw(`user ${n}`);
  t.equal((await call("GET", "/figures")).status, 200);
  const [row] = await world.sql`select count(*)::int as n from result`;
  t.equal(row?.n, 15, "five of each that day");
});

t.test("without a token there is no /admin", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  const call = adminOf(server.url);
  for (const path of ["/prizes", "/history", "/results", "/figures"]) {
    t.match(await call("GET", path), { status: 404, code: "NOT_FOUND" });
  }
  t.match(await call("PUT", "/prizes", {}), { status: 404, code: "NOT_FOUND" });
});

t.test("made, changed, deactivated; in force at once", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  const call = adminOf(server.url);
  t.match(await call("GET", "/prizes"), {
    status: 200,
    data: { prizes: [], sum_of_odds: 0, chance_of_no_prize: 1 },
  });

  const made = await call("POST", "/prizes", {
    ...MUG,
    daily_quota: 2,
    total_quota: 9,
  });
  t.equal(made.status, 201);
  const { version, ...data } = made.data;
  t.equal(made.headers.get("etag"), `"${version}"`);
  t.same(data, {
    preview: false,
    date: server.clock.today().date,
    sum_of_odds: 0.25,
    chance_of_no_prize: 0.75,
    in_force: true,
    problem: null,
    prizes: [
      {
        ...MUG,
        daily_quota: 2,
        total_quota: 9,
        active: true,
        fallback: false,
        release_from: null,
        release_to: null,
        taken_today: 0,
        taken_total: 0,
        left_today: 2,
        left_total: 9,
      },
    ],
  });

  const ifMatch = { "if-match": made.headers.get("etag") ?? "" };
  const changed = await call(
    "PATCH",
    "/prizes/MUG",
    { probability: 1, total_quota: null },
    ifMatch,
  );
  t.match(changed, {
    status: 200,
    data: {
      sum_of_odds: 1,
      chance_of_no_prize: 0,
      in_force: true,
      prizes: [
        { title: "Mug", probability: 1, daily_quota: 2, total_quota: null },
      ],
    },
  });
  t.equal(told((await server.draw("ann")).body), "won", "it is drawn by");
  t.match((await call("GET", "/prizes")).data.prizes, [
    { taken_today: 1, taken_total: 1, left_today: 1, left_total: null },
  ]);

  const gone = await call("DELETE", "/prizes/MUG", undefined, ANY);
  t.match(gone, {
    status: 200,
    data: { sum_of_odds: 0, prizes: [{ active: false, title: "Mug" }] },
  });
  t.equal(told((await server.draw("bob")).body), "no_prize");
  t.match(await call("GET", "/prizes"), gone.data.version && { status: 200 });

  t.match(await call("POST", "/prizes", MUG), {
    status: 409,
    code: "PRIZE_EXISTS",
    error: /^id: there is a prize MUG already/,
  });
  t.match(await call("PATCH", "/prizes/CUP", { active: true }, ANY), {
    status: 404,
    code: "PRIZE_NOT_FOUND",
  });
  t.match(await call("DELETE", "/prizes/CUP", undefined, ANY), {
    status: 404,
    code: "PRIZE_NOT_FOUND",
  });
});

t.test("the whole table in one request, all or none", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  const call = adminOf(server.url);
  await setPrizes(
    world,
    [
      { id: "A", probability: 0.5, total_quota: 3 },
      { id: "B", probability: 0.5 },
    ],
    server,
  );
  const rows = () => world.sql`select * from prize order by id`;
  const before = await rows();
  const ten = Array.from({ length: 10 }, (_, n) => ({
    id: `P${n}`,
    title: `prize ${n}`,
    probability: 0.1,
  }));
  const refused = await call(
    "PUT",
    "/prizes",
    { prizes: [...ten, { ...MUG, probability: 1e-9 }] },
    ANY,
  );
  t.match(refused, {
    status: 400,
    code: "INVALID_REQUEST",
    error:
      "probability: the odds of the active prizes would sum to 1.000000001; lower them to 1 at most.",
  });
  t.same(await rows(), before, "nothing was saved");
  t.equal((await world.sql`select from prize_change`).count, 2);

  const put = await call("PUT", "/prizes", { prizes: ten }, ANY);
  t.match(put, {
    status: 200,
    data: { sum_of_odds: 1, chance_of_no_prize: 0, in_force: true },
  });
  t.same(
    put.data.prizes.map(({ id, active }: { id: string; active: boolean }) => [
      id,
      active,
    ]),
    [["A", false], ["B", false], ...ten.map(({ id }) => [id, true])],
  );
  const again = await call(
    "PUT",
    "/prizes",
    { prizes: [{ ...MUG, id: "A" }] },
    ANY,
  );
  t.match(again.data.prizes[0], {
    id: "A",
    title: "Mug",
    active: true,
    total_quota: null,
  });
});

t.test("what is wrong is told with its place and remedy", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  const call = adminOf(server.url);
  const many = Array.from({ length: 1001 }, (_, n) => ({ ...MUG, id: `${n}` }));
  const cases: [string, string, unknown, RegExp][] = [
    ["POST", "/prizes", [], /^body: must be a JSON object\.$/],
    [
      "POST",
      "/prizes",
      { ...MUG, id: "a b" },
      /^id: must have 1 to 64 letters/,
    ],
    ["POST", "/prizes", { id: "A", title: "A" }, /^probability: is missing\.$/],
    [
      "POST",
      "/prizes",
      { ...MUG, probability: 1.1 },
      /^probability: must be a number from 0 to 1\.$/,
    ],
    [
      "POST",
      "/prizes",
      { ...MUG, probability: "0.1" },
      /^probability: must be/,
    ],
    ["POST", "/prizes", { ...MUG, title: " \u3000 " }, /^title: must have/],
    ["POST", "/prizes", { ...MUG, title: "a\0b" }, /^title: must have/],
    ["POST", "/prizes", { ...MUG, title: "\ud800" }, /^title: must have/],
    [
      "POST",
      "/prizes",
      { ...MUG, title: "x".repeat(201) },
      /^title: must have/,
    ],
    [
      "POST",
      "/prizes",
      { ...MUG, daily_quota: -1 },
      /^daily_quota: must be a whole number from 0 to 2147483647, or null/,
    ],
    ["POST", "/prizes", { ...MUG, total_quota: 1.5 }, /^total_quota: must be/],
    ["POST", "/prizes", { ...MUG, total_quota: 2 ** 31 }, /^total_quota: must/],
    ["POST", "/prizes", { ...MUG, active: "yes" }, /^active: must be true or/],
    ["POST", "/prizes", { ...MUG, colour: 1 }, /^colour: is not a field of/],
    ["POST", "/prizes?preview=no", MUG, /^preview: must be yes, or left out/],
    ["PATCH", "/prizes/MUG", {}, /^body: must name a field to change\.$/],
    ["PATCH", "/prizes/MUG", { id: "CUP" }, /^id: is not a field of this/],
    ["PATCH", "/prizes/a%20b", { active: true }, /^id: must have 1 to 64/],
    ["PUT", "/prizes", { prizes: [] }, /^prizes: must be a list of 1 to 1000/],
    [
      "PUT",
      "/prizes",
      { prizes: many },
      /^prizes: must be a list of 1 to 1000/,
    ],
    [
      "PUT",
      "/prizes",
      { prizes: [MUG, { ...MUG, id: "CUP", probability: -1 }] },
      /^prizes\[1\]\.probability: must be a number from 0 to 1\.$/,
    ],
    [
      "PUT",
      "/prizes",
      { prizes: [MUG, { id: "CUP", title: "Cup" }] },
      /^prizes\[1\]\.probability: is missing\.$/,
    ],
    ["PUT", "/prizes", { prizes: [MUG, MUG] }, /^prizes\[1\]\.id: is MUG once/],
    [
      "PUT",
      "/prizes",
      { prizes: [{ ...MUG, title: "x".repeat(1_048_576) }] },
      /^body: must not be larger than 1 MiB\.$/,
    ],
  ];
  for (const [method, path, body, error] of cases) {
    const answer = await call(method, path, body, ANY);
    t.match(answer, { status: 400, code: "INVALID_REQUEST", error });
  }
  t.match(
    await call("POST", "/prizes", MUG, { "x-changed-by": "x".repeat(65) }),
    { status: 400, error: /^x-changed-by: must have 1 to 64 printable/ },
  );
  t.equal((await world.sql`select from prize`).count, 0);
});

t.test("an edit of what has moved meanwhile is refused", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  const call = adminOf(server.url);
  const made = await call("POST", "/prizes", MUG);
  const etag = made.headers.get("etag") ?? "";
  for (const [method, path, body] of [
    ["PATCH", "/prizes/MUG", { active: false }],
    ["PUT", "/prizes", { prizes: [MUG] }],
    ["DELETE", "/prizes/MUG", undefined],
  ] as const) {
    t.match(await call(method, path, body), {
      status: 428,
      code: "PRECONDITION_REQUIRED",
    });
    t.match(await call(method, path, body, { "if-match": "soon" }), {
      status: 400,
      error: /^If-Match: must be the ETag/,
    });
  }
  await world.sql`update prize set title = 'Cup'`;
  t.match(
    await call("PATCH", "/prizes/MUG", { title: "Jug" }, { "if-match": etag }),
    { status: 412, code: "PRECONDITION_FAILED", error: /^If-Match: / },
  );
  t.match(
    await call("POST", "/prizes", { ...MUG, id: "B" }, { "if-match": etag }),
    {
      status: 412,
    },
  );
  const now = (await call("GET", "/prizes")).headers.get("etag") ?? "";
  t.match(
    await call(
      "PATCH",
      "/prizes/MUG",
      { title: "Jug" },
      { "if-match": `W/${now}` },
    ),
    { status: 200 },
  );
});

t.test("of two with the same ETag one is refused", async (t) => {
  const world = await createWorld(t);
  const servers = [
    await startServer(t, world, ADMIN),
    await startServer(t, world, ADMIN),
  ];
  const [one, other] = servers.map(({ url }) => adminOf(url));
  if (!one || !other) throw new Error("two servers");
  const made = await one("POST", "/prizes", MUG);
  let etag = made.headers.get("etag") ?? "";
  for (let round = 0; round < 10; round += 1) {
    const ifMatch = { "if-match": etag };
    const answers = await Promise.all([
      one("PATCH", "/prizes/MUG", { daily_quota: 2 * round }, ifMatch),
      other("PATCH", "/prizes/MUG", { daily_quota: 2 * round + 1 }, ifMatch),
    ]);
    t.same(answers.map(({ status }) => status).sort(), [200, 412]);
    const winner = answers.find(({ status }) => status === 200);
    const [row] = await world.sql`select daily_quota from prize`;
    t.equal(winner?.data.prizes[0].daily_quota, row?.daily_quota);
    etag = winner?.headers.get("etag") ?? "";
  }
});

t.test("beside plain SQL: no deadlock, no lost edit", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  const call = adminOf(server.url);
  await call("POST", "/prizes", MUG);
  const editor = await world.sql.reserve();
  await editor`begin`;
  await editor`update prize set title = 'Cup' where id = 'MUG'`;
  const waiting = call("PATCH", "/prizes/MUG", { daily_quota: 7 }, ANY);
  await editor`update prize set total_quota = 70 where id = 'MUG'`;
  await editor`commit`;
  editor.release();
  t.match(await waiting, {
    status: 200,
    data: { prizes: [{ title: "Cup", daily_quota: 7, total_quota: 70 }] },
  });
});

t.test("a preview tells all and saves nothing", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  const call = adminOf(server.url);
  const made = await call("POST", "/prizes", MUG);
  const etag = made.headers.get("etag") ?? "";
  const cup = { id: "CUP", title: "Cup", probability: 0.5 };
  const answers = [
    await call("POST", "/prizes?preview=yes", cup),
    await call("PATCH", "/prizes/MUG?preview=yes", { probability: 0.75 }, ANY),
    await call("DELETE", "/prizes/MUG?preview=yes", undefined, ANY),
    await call("PUT", "/prizes?preview=yes", { prizes: [cup] }, ANY),
  ];
  for (const answer of answers) {
    t.match(answer, { status: 200, data: { preview: true, in_force: false } });
    t.equal(answer.headers.get("etag"), etag);
  }
  t.same(
    answers.map(({ data }) => [data.sum_of_odds, data.prizes.length]),
    [
      [0.75, 2],
      [0.75, 1],
      [0, 1],
      [0.5, 2],
    ],
  );
  t.match(
    await call(
      "PATCH",
      "/prizes/MUG?preview=yes",
      { title: "x" },
      { "if-match": '"1"' },
    ),
    { status: 412 },
  );
  t.match(
    await call("POST", "/prizes?preview=yes", { ...cup, probability: 0.76 }),
    { status: 400, error: /would sum to 1\.01/ },
  );
  const now = await call("GET", "/prizes");
  t.same(now.data, made.data);
  t.equal((await world.sql`select from prize_change`).count, 1);
});

t.test("hostile titles come through unharmed", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  const call = adminOf(server.url);
  const titles = [
    "'; drop table prize; --",
    '<script>alert("x")</script>',
    `"\\$\{1+1} %s $1 {}`,
    "=cmd|' /C calc'!A0",
    "🎁 ünïcödé 獎品",
  ];
  for (const [n, title] of titles.entries()) {
    t.equal(
      (
        await call("POST", "/prizes", {
          ...MUG,
          id: `P${n}`,
          title,
          probability: 0.1,
        })
      ).status,
      201,
    );
  }
  const { data } = await call("GET", "/prizes");
  t.same(
    data.prizes.map(({ title }: { title: string }) => title),
    titles,
  );
  t.match(
    await call(
      "PATCH",
      "/prizes/P0",
      { title: titles[1] },
      { ...ANY, "x-changed-by": "'; drop table prize_change; --" },
    ),
    { status: 200 },
  );
  t.match(
    await call(
      "GET",
      `/history?prize_id=${encodeURIComponent("P0' or '1'='1")}`,
    ),
    { status: 400, error: /^prize_id: / },
  );
});

t.test("odds that plain SQL spoilt are shown as not in force", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, ADMIN);
  const call = adminOf(server.url);
  await call("POST", "/prizes", MUG);
  await world.sql`insert into prize values ('B', 'B', 0.9)`;
  t.match(await call("GET", "/prizes"), {
    data: { in_force: false, problem: /within two seconds/ },
  });
  await server.prizes.check();
  t.match(await call("GET", "/prizes"), {
    data: {
      in_force: false,
      problem: /sum to 1\.15, more than 1/,
      sum_of_odds: 1.15,
      chance_of_no_prize: 0,
    },
  });
  t.match(await call("DELETE", "/prizes/B", undefined, ANY), {
    data: { in_force: true, problem: null, sum_of_odds: 0.25 },
  });
});

t.test("an edit while Redis is away is saved, and said to wait", async (t) => {
  const world = await createWorld(t);
  const link = await createProxy(t, world.redisUrl);
  const server = await startServer(t, { ...world, redisUrl: link.url }, ADMIN);
  const call = adminOf(server.url);
  await call("POST", "/prizes", MUG);
  link.silence();
  const saved = await call("PATCH", "/prizes/MUG", { probability: 1 }, ANY);
  t.match(saved, {
    status: 200,
    data: { in_force: false, problem: /^Redis does not answer/ },
  });
  const [row] = await world.sql`select probability::float8 as p from prize`;
  t.equal(row?.p, 1);
});
