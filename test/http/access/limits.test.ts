import t from "tap";
import { createProxy } from "../../support/link.js";
import { post, told } from "../../support/post.js";
import { setPrizes } from "../../support/set-prizes.js";
import { startServer } from "../../support/start-server.js";
import { bearer, sign, withSecret } from "../../support/tokens.js";
import { until } from "../../support/until.js";
import { createWorld } from "../../support/world.js";

async function start(
  t: Parameters<typeof startServer>[0],
  settings: object,
  options: object = {},
) {
  const world = await createWorld(t);
  const server = await startServer(t, world, { settings, ...options });
  await setPrizes(world, [{ id: "SURE" }], server);
  /** the address that this request is told to come from */
  const from = (address: string, username: string) =>
    post(`${server.url}/draw`, { username }, { "x-forwarded-for": address });
  return { world, server, from };
}

const draws = async (
  from: (address: string, username: string) => Promise<{ status: number }>,
  addresses: string[],
) => {
  const statuses: number[] = [];
  for (const [n, address] of addresses.entries()) {
    statuses.push((await from(address, `user${n}`)).status);
  }
  return statuses;
};

t.test("one user's requests are limited, at whichever server", async (t) => {
  const settings = { RATE_LIMIT_USER: 3 };
  const { world, server } = await start(t, settings);
  const other = await startServer(t, world, { settings });
  t.equal((await server.draw("ann")).status, 200);
  t.equal((await other.draw(" ａnn")).status, 200, "the same user");
  const redeem = { id: crypto.randomUUID(), username: "ann" };
  t.equal((await post(`${server.url}/redeem`, redeem)).status, 404);
  const query = new URLSearchParams(redeem);
  for (const answer of [
    await server.draw("ann"),
    await other.draw("ann"),
    await post(`${server.url}/redeem`, redeem),
  ]) {
    t.equal(answer.status, 429);
    t.match(answer.body, { success: false, code: "TOO_MANY_REQUESTS" });
    const wait = Number(answer.headers.get("retry-after"));
    t.ok(wait >= 1 && wait <= 63, `Retry-After is ${wait}`);
  }
  const byQuery = await fetch(`${server.url}/redeem?${query}`);
  t.equal(byQuery.status, 429);
  t.equal((await server.draw("bob")).status, 200, "bob is not limited");
  const [ttl] = await world.redis.keys("*requests:user:ann");
  t.ok((await world.redis.pttl(ttl ?? "")) <= 60_000, "it passes in a minute");
});

t.test("who share an address do not come back as one", async (t) => {
  const { world, server } = await start(t, { RATE_LIMIT_ADDRESS: 1 });
  await server.draw("ann");
  const [key = ""] = await world.redis.keys("*requests:address:*");
  let after = 0;
  for (let n = 0; n < 60; n += 1) {
    const left = Math.ceil((await world.redis.pttl(key)) / 1_000);
    const { status, headers } = await server.draw("ann");
    t.equal(status, 429);
    if (Number(headers.get("retry-after")) > left) after += 1;
  }
  t.ok(after > 0, "some are told to come after the minute's end");
});

t.test("nobody is counted under a name that no route reads", async (t) => {
  const settings = { ...withSecret, RATE_LIMIT_USER: 2 };
  const { server } = await start(t, settings);
  const eve = bearer(await sign("eve"));
  const ask = (body: unknown) =>
    server.app.inject({
      method: "GET",
      url: "/results",
      headers: { ...eve, "content-type": "application/json" },
      payload: JSON.stringify(body),
    });
  for (const username of [["ann"], ["bob"], ["cyd"], { ann: 1 }, 5]) {
    t.equal((await ask({ username })).statusCode, 400);
  }
  t.equal((await ask({})).statusCode, 200);
  t.equal((await ask({})).statusCode, 200);
  t.equal((await ask({})).statusCode, 429, "eve herself is");
  const ann = bearer(await sign("ann"));
  t.equal((await post(`${server.url}/draw`, {}, ann)).status, 200);
});

t.test("a limited draw is not used up", async (t) => {
  const { world, server } = await start(t, { RATE_LIMIT_ADDRESS: 1 });
  await fetch(`${server.url}/prizes`);
  t.equal((await server.draw("ann")).status, 429);
  t.equal((await world.sql`select from result`).count, 0);
  t.same(
    await world.redis.keys("*players*"),
    [],
    "it did not get to the engine",
  );
  await world.redis.del(await world.redis.keys("*requests:address:*"));
  t.equal(told((await server.draw("ann")).body), "won");
});

t.test("an address is limited whatever the user", async (t) => {
  const { server, from } = await start(t, { RATE_LIMIT_ADDRESS: 2 });
  t.same(
    await draws(from, ["192.0.2.1", "192.0.2.2", "192.0.2.3"]),
    [200, 200, 429],
    "without TRUST_PROXY its header is not believed",
  );
  t.equal((await fetch(`${server.url}/prizes`)).status, 429);
  for (const path of ["/healthz", "/readyz", "/docs/json"]) {
    t.equal((await fetch(`${server.url}${path}`)).status, 200, path);
  }
});

t.test("behind one proxy only its word counts", async (t) => {
  for (const TRUST_PROXY of ["1", "127.0.0.1", "10.0.0.0/8, 127.0.0.1/32"]) {
    const settings = { RATE_LIMIT_ADDRESS: 1, TRUST_PROXY };
    const { from } = await start(t, settings);
    const addresses = [
      "192.0.2.1",
      "192.0.2.2",
      // What callers say of themselves stands before what the proxy says.
      "192.0.2.3, 192.0.2.2",
      "127.0.0.1, 192.0.2.1",
      "nonsense, 192.0.2.1",
    ];
    const statuses = await draws(from, addresses);
    t.same(statuses, [200, 200, 429, 429, 429], TRUST_PROXY);
  }
});

t.test("an address that is no proxy is not believed", async (t) => {
  const settings = { RATE_LIMIT_ADDRESS: 1, TRUST_PROXY: "10.0.0.1" };
  const { from } = await start(t, settings);
  t.same(await draws(from, ["192.0.2.1", "192.0.2.2"]), [200, 429]);
});

t.test("two proxies: the second address from the right", async (t) => {
  const { from } = await start(t, { RATE_LIMIT_ADDRESS: 1, TRUST_PROXY: "2" });
  const addresses = [
    "192.0.2.1, 10.0.0.1",
    "192.0.2.2, 10.0.0.1",
    "192.0.2.3, 192.0.2.1, 10.0.0.1",
  ];
  t.same(await draws(from, addresses), [200, 200, 429]);
});

t.test("of IPv6 a /64 counts as one address", async (t) => {
  const { from } = await start(t, { RATE_LIMIT_ADDRESS: 1, TRUST_PROXY: "1" });
  const addresses = [
    "2001:db8:1:1::1",
    "2001:db8:1:1:ffff::2",
    "2001:db8:1:2::1",
    "::ffff:192.0.2.1",
    "192.0.2.1",
  ];
  t.same(await draws(from, addresses), [200, 429, 200, 200, 429]);
});

t.test("an address is one however it is written", async (t) => {
  const { from, world } = await start(t, {
    RATE_LIMIT_ADDRESS: 1,
    TRUST_PROXY: "1",
  });
  const same = [
    ["203.0.113.2", "203.0.113.2:50001", "203.0.113.2:50002"],
    ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:443", "2001:DB8::1"],
    ["2001:db8:0:0:1::1%eth0", "2001:0db8:0000:0000:0001::1%1"],
    ["198.51.100.7", "::ffff:198.51.100.7", "[::FFFF:c633:6407]:1"],
    ["fe80::1%eth0", "fe80::1%eth1", "[fe80::1%25eth0]:80"],
  ];
  for (const addresses of same) {
    const first = addresses[0]?.startsWith("2001:db8:0:0:1") ? 429 : 200;
    const statuses = await draws(from, addresses);
    t.same(statuses, [first, ...addresses.slice(1).map(() => 429)]);
  }
  const counted = await world.redis.keys("*requests:address:*");
  t.same(counted.map((key) => key.replace(/.*address:/, "")).sort(), [
    "198.51.100.7",
    "2001:db8:0:0::/64",
    "203.0.113.2",
    "fe80:0:0:0::/64",
  ]);
});

t.test("what is no address counts as the proxy that told it", async (t) => {
  const { from, world } = await start(t, {
    RATE_LIMIT_ADDRESS: 1,
    TRUST_PROXY: "1",
  });
  const garbage = [
    "unknown",
    "_hidden",
    "nonsense-1",
    "203.0.113.2:",
    "203.0.113.2:123456",
    "203.0.113.256",
    "203.0.113.02",
    "203.0.113.2.",
    "[203.0.113.2]:1",
    "[2001:db8::1",
    "2001:db8::1]:443",
    "2001:db8:::1",
    "for=192.0.2.1",
    "http://192.0.2.1/",
    "\u00e9",
    "x".repeat(5_000),
  ];
  t.same(
    await draws(from, garbage),
    garbage.map((_, n) => (n === 0 ? 200 : 429)),
  );
  const counted = await world.redis.keys("*requests:address:*");
  t.match(counted, [/:127\.0\.0\.1$/]);
  t.equal(counted.length, 1);
});

t.test("a proxy is known by its address with a port, too", async (t) => {
  const settings = { RATE_LIMIT_ADDRESS: 1 };
  const TRUST_PROXY = "127.0.0.1, 10.0.0.0/8, 2001:DB8:0:0:9::/80";
  const { from } = await start(t, { ...settings, TRUST_PROXY });
  const addresses = [
    "192.0.2.1:1, 10.0.0.7:50001",
    "192.0.2.2:1, [2001:db8:0:0:9::7]:443",
    "192.0.2.1:2, ::ffff:10.0.0.9",
    "192.0.2.3, nonsense",
    "192.0.2.4, nonsense",
    "192.0.2.5, 11.0.0.7",
    "192.0.2.6, 11.0.0.7:9",
  ];
  const statuses = [200, 200, 429, 200, 429, 200, 429];
  t.same(await draws(from, addresses), statuses);
});

t.test("a token that is refused counts, too", async (t) => {
  const settings = { ...withSecret, RATE_LIMIT_ADDRESS: 1 };
  const { server } = await start(t, settings);
  const url = `${server.url}/draw`;
  t.equal((await post(url, {}, bearer("nonsense"))).status, 401);
  t.equal((await post(url, {}, bearer(await sign("ann")))).status, 429);
});

t.test("the token's subject is the user who is limited", async (t) => {
  const settings = { ...withSecret, RATE_LIMIT_USER: 1 };
  const { server } = await start(t, settings);
  const url = `${server.url}/draw`;
  const [ann, eve] = [await sign("ann"), await sign("eve")];
  for (const username of ["ann", "ann", "ann"]) {
    t.equal((await post(url, { username }, bearer(eve))).status, 403);
  }
  t.equal((await post(url, {}, bearer(ann))).status, 200, "eve used up none");
  t.equal((await post(url, {}, bearer(ann))).status, 429);
});

t.test("without the limits' Redis the draws go on", async (t) => {
  const settings = { RATE_LIMIT_USER: 1, RATE_LIMIT_ADDRESS: 1 };
  const world = await createWorld(t);
  const link = await createProxy(t, world.redisUrl);
  const lines: string[] = [];
  const logged = (line: string) => lines.push(line);
  const limitsUrl = link.url;
  const server = await startServer(t, world, { settings, limitsUrl, logged });
  await setPrizes(world, [{ id: "SURE" }], server);
  t.equal((await server.draw("ann")).status, 200);
  t.equal((await server.draw("ann")).status, 429, "the limits are on");

  link.silence();
  const began = performance.now();
  t.equal((await server.draw("bob")).status, 200, "it is silent");
  const first = performance.now() - began;
  t.ok(first < 1_500, `it took ${Math.round(first)} ms`);
  for (let n = 0; n < 20; n += 1) {
    t.equal(told((await server.draw(`user${n}`)).body), "won");
  }
  const rest = performance.now() - began - first;
  t.ok(rest < 3_000, `20 more took ${Math.round(rest)} ms`);

  link.cut();
  t.equal((await server.draw("cyd")).status, 200, "it is away");
  await until("a word in the log", async () => {
    if (!lines.some((line) => /"level":40.*nobody is limited/.test(line))) {
      throw new Error(lines.join(""));
    }
  });
});

t.test("the limits come back with their Redis", async (t) => {
  const settings = { RATE_LIMIT_USER: 1 };
  const world = await createWorld(t);
  const link = await createProxy(t, world.redisUrl);
  const server = await startServer(t, world, { settings, limitsUrl: link.url });
  await setPrizes(world, [{ id: "SURE" }], server);
  link.cut();
  const statuses = new Set<number>();
  const end = performance.now() + 10_000;
  while (!statuses.has(429) && performance.now() < end) {
    statuses.add((await server.draw("ann")).status);
  }
  t.same([...statuses], [200, 429], "nothing but these");
});

t.test("off, nothing is counted", async (t) => {
  const { world, server } = await start(t, {});
  for (let n = 0; n < 5; n += 1) {
    t.equal((await server.draw("ann")).status, 200);
  }
  t.same(await world.redis.keys("*requests*"), []);
});
