import { exportSPKI, generateSecret, UnsecuredJWT } from "jose";
import t from "tap";
import { fakeTime } from "../../support/fake-time.js";
import { spelled } from "../../support/in-ascii.js";
import { post, told } from "../../support/post.js";
import { setPrizes } from "../../support/set-prizes.js";
import { startServer } from "../../support/start-server.js";
import {
  AUDIENCE,
  bearer,
  ISSUER,
  keyHost,
  keyPair,
  SECRET,
  sign,
  withSecret,
} from "../../support/tokens.js";
import { until } from "../../support/until.js";
import { createWorld } from "../../support/world.js";

async function start(
  t: Parameters<typeof startServer>[0],
  settings: object = withSecret,
  options: object = {},
) {
  const world = await createWorld(t);
  const server = await startServer(t, world, { settings, ...options });
  await setPrizes(world, [{ id: "SURE" }], server);
  const ask = (authorization: string | undefined, fields: object = {}) =>
    post(
      `${server.url}/draw`,
      fields,
      authorization === undefined ? {} : { authorization },
    );
  const show = (token: string, fields: object = {}) =>
    ask(`Bearer ${token}`, fields);
  const wins = async () => (await world.sql`select from result`).count;
  return { world, server, ask, show, wins };
}

t.test("the token's subject draws and redeems", async (t) => {
  const { server, show } = await start(t);
  const token = await sign("ann");
  const drawn = await show(token);
  t.equal(drawn.status, 200);
  t.equal(drawn.body.data?.result?.user_id, "ann", "without a username");
  const again = await show(token, { username: "ann" });
  t.equal(told(again.body), "participated", "with it");
  const id = drawn.body.data?.result?.id;
  const redeem = await post(`${server.url}/redeem`, { id }, bearer(token));
  t.equal(redeem.status, 200);
  const byQuery = await fetch(`${server.url}/redeem?id=${id}`, {
    headers: bearer(token),
  });
  t.equal(byQuery.status, 200);
});

t.test("a username in another Unicode form is still the token's", async (t) => {
  const { show } = await start(t);
  const drawn = await show(await sign("ann"), { username: " ａnn" });
  t.equal(drawn.body.data?.result?.user_id, "ann");
});

t.test("no other subject is folded onto a user", async (t) => {
  const lines: string[] = [];
  const { server, show } = await start(t, withSecret, {
    logged: (line: string) => lines.push(line),
  });
  const id = (await show(await sign("ann"))).body.data?.result?.id;
  const others = [
    ..."ａｎｎ|ann |\tann\n|ann\u3000|\ufeffann|a\u{1d427}n|ann\u2028|a\u00adnn".split(
      "|",
    ),
    ..."an\u200dn|ann\ufe0f|a\ufffdn|a\ud800n|\u202eann|ann\u0000|ann\u{e0061}".split(
      "|",
    ),
  ];
  for (const sub of others) {
    const token = await sign(sub);
    const answers = [
      await show(token),
      await post(`${server.url}/redeem`, { id }, bearer(token)),
      await show(token, { username: "ann" }),
    ];
    const results = await fetch(`${server.url}/results`, {
      headers: bearer(token),
    });
    t.same(
      [...answers.map(({ status }) => status), results.status],
      [401, 401, 401, 401],
      spelled(sub),
    );
    t.notMatch(
      JSON.stringify(answers[0]?.body),
      /sub/,
      "the caller isn't told",
    );
    t.notOk(lines.some((line) => line.includes(token)));
  }
  const told = lines.filter((line) => line.includes("token refused"));
  t.match(told[0], /"reason":"sub: must be trimmed, in Unicode NFKC/);
  // A busy machine's fetch sends a GET again whose connection was just closed: that is a request of its own.
  const requests = new Set(told.map((line) => JSON.parse(line).reqId));
  t.equal(requests.size, told.length, "one line for each, at debug");
  t.ok(told.length >= others.length * 4, `${told.length} lines`);
});

t.test("subjects are as their providers make them", async (t) => {
  const { server, show } = await start(t);
  const subjects = [
    "12345",
    "007",
    "1e3",
    "auth0|5f7c8ec7c33c6c004bbafe82",
    "Ann.O'Neill+promo@example.com",
    "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66",
    "https://id.example.com/users/ann?x=1#me",
    `f:${crypto.randomUUID()}:${crypto.randomUUID()}`,
    "CN=Ann Lee,OU=Staff,DC=example,DC=com",
    "x".repeat(255),
    "李小龍",
    "__proto__",
    "{}",
    "null",
  ];
  for (const sub of subjects) {
    const token = await sign(sub);
    const drawn = await show(token);
    t.equal(drawn.body.data?.result?.user_id, sub);
    const id = drawn.body.data?.result?.id;
    const named = { id, username: sub };
    const redeemed = await post(`${server.url}/redeem`, named, bearer(token));
    t.equal(redeemed.status, 200, sub);
    const url = `${server.url}/results?username=${encodeURIComponent(sub)}`;
    const results = await fetch(url, { headers: bearer(token) });
    t.match(await results.json(), { data: { results: [{ id }] } }, sub);
  }
});

t.test(
  "the log is told what is wrong with a token, and no secret",
  async (t) => {
    const lines: string[] = [];
    const { ask, show } = await start(t, withSecret, {
      logged: (line: string) => lines.push(line),
    });
    const wrong: [RegExp, string][] = [
      [/aud/, await sign("ann", { aud: "other-secret-service" })],
      [/iss/, await sign("ann", { iss: "https://evil.example.com/" })],
      [/exp/, await sign("ann", { exp: 1 })],
      [/exp/, await sign("ann", { exp: undefined })],
      [/sub: must be a string/, await sign("ann", { sub: 4711 as never })],
      [/sub/, await sign(undefined)],
      [/signature/, await sign("ann", {}, await generateSecret("HS256"))],
      [/Compact JWS/, "nonsense"],
    ];
    for (const [why, token] of wrong) {
      lines.length = 0;
      t.match((await show(token)).body, {
        error: "Authorization: must be Bearer and a valid token.",
      });
      const line = lines.find((it) => it.includes("token refused")) ?? "{}";
      t.match(JSON.parse(line).reason, why);
      t.notMatch(line, new RegExp(`${token}|other-secret|evil|4711|${SECRET}`));
    }
    lines.length = 0;
    await ask(undefined);
    t.notOk(
      lines.some((line) => line.includes("token refused")),
      "none came",
    );
  },
);

t.test("nobody speaks for another user", async (t) => {
  const { server, show, wins } = await start(t);
  const ann = await sign("ann");
  const eve = await sign("eve");
  const other = await show(eve, { username: "ann" });
  t.equal(other.status, 403);
  t.match(other.body, { code: "FORBIDDEN", error: /^username: / });
  t.equal(await wins(), 0, "no draw used up");

  const id = (await show(ann)).body.data?.result?.id;
  const headers = bearer(eve);
  const tries = [
    await post(`${server.url}/redeem`, { id, username: "ann" }, headers),
    await post(`${server.url}/redeem?username=ann`, { id }, headers),
  ];
  for (const query of [`id=${id}&username=ann`, "username=ann"]) {
    const url = `${server.url}/redeem?${query}`;
    const answer = await fetch(url, { headers });
    tries.push({ ...answer, status: answer.status } as never);
  }
  t.same(
    tries.map(({ status }) => status),
    [403, 403, 403, 403],
  );
  const own = await post(`${server.url}/redeem`, { id }, headers);
  t.equal(own.status, 404, "in her own name it is not hers");
});

t.test("a token that is none is refused, and no draw used up", async (t) => {
  const { ask, wins } = await start(t);
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: "ann", iss: ISSUER, aud: AUDIENCE, exp: now + 60 };
  const good = await sign("ann");
  const [head, , signature] = good.split(".");
  const forged = Buffer.from(
    JSON.stringify({ ...claims, sub: "eve" }),
  ).toString("base64url");
  const refused: Record<string, string | undefined> = {
    missing: undefined,
    empty: "",
    "no token": "Bearer ",
    basic: `Basic ${good}`,
    bare: good,
    malformed: "Bearer nonsense",
    "cut short": `Bearer ${good.slice(0, -3)}`,
    "another payload": `Bearer ${head}.${forged}.${signature}`,
    "wrong secret": `Bearer ${await sign("ann", {}, await generateSecret("HS256"))}`,
    "alg none": `Bearer ${new UnsecuredJWT(claims).encode()}`,
    "other algorithm": `Bearer ${await sign("ann", {}, new TextEncoder().encode(SECRET.padEnd(64, "x")), { alg: "HS512" })}`,
    "a number as subject": `Bearer ${await sign("ann", { sub: 4711 as never })}`,
    "a list as subject": `Bearer ${await sign("ann", { sub: ["eve"] as never })}`,
    "false as subject": `Bearer ${await sign("ann", { sub: false as never })}`,
    "wrong issuer": `Bearer ${await sign("ann", { iss: "https://evil.example.com/" })}`,
    "no issuer": `Bearer ${await sign("ann", { iss: undefined })}`,
    "wrong audience": `Bearer ${await sign("ann", { aud: "another-service" })}`,
    "no audience": `Bearer ${await sign("ann", { aud: undefined })}`,
    expired: `Bearer ${await sign("ann", { exp: now - 60 })}`,
    "not yet valid": `Bearer ${await sign("ann", { nbf: now + 60 })}`,
    "without exp": `Bearer ${await sign("ann", { exp: undefined })}`,
    "without sub": `Bearer ${await sign(undefined)}`,
    "empty sub": `Bearer ${await sign(" ")}`,
    "sub too long": `Bearer ${await sign("x".repeat(256))}`,
  };
  for (const [what, authorization] of Object.entries(refused)) {
    const answer = await ask(authorization, { username: "ann" });
    t.equal(answer.status, 401, what);
    t.match(answer.body, { success: false, code: "UNAUTHENTICATED" }, what);
    t.equal(answer.headers.get("www-authenticate"), "Bearer", what);
  }
  t.equal(await wins(), 0);
  t.equal((await ask(`Bearer ${good}`)).status, 200, "the good one passes");
});

t.test("a public key is no secret of HS256", async (t) => {
  const { jwk, publicKey, token } = await keyPair("one");
  const { settings } = await keyHost(t, jwk);
  const { show, wins } = await start(t, settings);
  const pem = new TextEncoder().encode(await exportSPKI(publicKey));
  for (const kid of ["one", "two"]) {
    const forged = await sign("ann", {}, pem, { alg: "HS256", kid });
    t.equal((await show(forged)).status, 401);
  }
  t.equal(await wins(), 0);
  t.equal((await show(await token("ann"))).status, 200);
});

t.test("of keys by URL these algorithms count", async (t) => {
  const algorithms = ["RS256", "PS256", "ES256", "EdDSA"];
  const pairs = await Promise.all(
    [...algorithms, "ES384"].map((alg) => keyPair(alg, alg)),
  );
  const { settings } = await keyHost(t, ...pairs.map(({ jwk }) => jwk));
  const { show } = await start(t, settings);
  const statuses: number[] = [];
  for (const { token } of pairs) {
    statuses.push((await show(await token("ann"))).status);
  }
  t.same(statuses, [200, 200, 200, 200, 401]);
});

t.test("keys rotate without a restart", async (t) => {
  const [first, second] = [await keyPair("one"), await keyPair("two")];
  const { host, settings } = await keyHost(t, first.jwk);
  const { show } = await start(t, settings);
  t.equal((await show(await first.token("ann"))).status, 200);
  t.equal((await show(await second.token("ann"))).status, 401);

  host.keys = [second.jwk];
  await until("the new key", async () => {
    const { status } = await show(await second.token("ann"));
    if (status !== 200) throw new Error(`it is ${status}`);
  });
  t.equal((await show(await first.token("ann"))).status, 401, "the old key");
});

t.test("without the keys' host", async (t) => {
  const pair = await keyPair("one");
  for (const mode of ["silent", "broken"] as const) {
    const { host, settings } = await keyHost(t, pair.jwk);
    const { show } = await start(t, settings);
    host.mode = mode;
    const began = performance.now();
    const answer = await show(await pair.token("ann"));
    t.equal(answer.status, 503, `${mode}: says nothing about the token`);
    t.match(answer.body, { code: "UNAVAILABLE" });
    t.ok(answer.headers.get("retry-after"));
    t.ok(performance.now() - began < 2_000, "within two seconds");

    host.mode = "up";
    t.equal((await show(await pair.token("ann"))).status, 200, "it recovers");
    host.mode = mode;
    const known = await show(await pair.token("ann"));
    t.equal(known.status, 200, "keys that are known go on");
  }
});

t.test("expiry goes by the shared clock, not by the server's", async (t) => {
  const time = fakeTime("2099-11-22T12:00:00Z");
  const wrong = time.options(10 * 60_000);
  const { show } = await start(t, withSecret, wrong);
  const noon = Date.parse("2099-11-22T12:00:00Z") / 1000;
  const token = await sign("ann", { nbf: noon - 60, exp: noon + 60 });
  t.equal((await show(token)).status, 200);
  time.set("2099-11-22T12:01:04Z");
  t.equal((await show(token)).status, 200, "five seconds are forgiven");
  time.set("2099-11-22T12:01:06Z");
  t.equal((await show(token)).status, 401);
});

t.test("neither token nor name is logged", async (t) => {
  const lines: string[] = [];
  const logged = (line: string) => lines.push(line);
  const { show } = await start(t, withSecret, { logged });
  const token = await sign("ann-of-the-log");
  await show(token);
  await show(`${token}x`);
  await show(token, { username: "eve-of-the-log" });
  t.notMatch(lines.join(""), /of-the-log/);
  t.notOk(lines.join("").includes(token.split(".")[1] ?? "?"));
});
