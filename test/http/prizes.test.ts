import t from "tap";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";

// What many ask for at once is read and written once.

t.test("an ETag that changes with what is left", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "SURE", total_quota: 5 }], server);
  const ask = (etag?: string) =>
    fetch(`${server.url}/prizes`, {
      headers: etag === undefined ? {} : { "if-none-match": etag },
    });
  const first = await ask();
  const etag = first.headers.get("etag") ?? "";
  t.match(etag, /^"[\w-]{22}"$/);
  t.match(first.headers.get("cache-control"), "no-cache");
  t.match(await first.json(), { data: { prizes: [{ left_total: 5 }] } });
  t.equal((await ask(`"other", W/${etag}`)).status, 304, "as a proxy has it");
  const same = await ask(etag);
  t.equal(same.status, 304);
  t.equal(await same.text(), "");
  t.equal((await server.draw("ann")).status, 200);
  const changed = await ask(etag);
  t.equal(changed.status, 200);
  t.not(changed.headers.get("etag"), etag);
  t.match(await changed.json(), { data: { prizes: [{ left_total: 4 }] } });
});

t.test(
  "one read for all who ask at once, a new one for each alone",
  async (t) => {
    const world = await createWorld(t);
    const server = await startServer(t, world);
    await setPrizes(world, [{ id: "SURE", total_quota: 90 }], server);
    let reads = 0;
    const { redis } = server;
    const multi = redis.multi.bind(redis);
    redis.multi = ((...args: []) => {
      reads += 1;
      return multi(...args);
    }) as typeof redis.multi;
    const ask = () => server.app.inject("/prizes");
    const crowd = await Promise.all(Array.from({ length: 200 }, ask));
    t.same(new Set(crowd.map(({ statusCode }) => statusCode)), new Set([200]));
    t.equal(new Set(crowd.map(({ body }) => body)).size, 1);
    t.ok(reads <= 2, `${reads} reads`);

    // Alone, each sees what it has just drawn itself.
    await ask();
    for (let n = 1; n <= 20; n += 1) {
      await server.draw(`user ${n}`);
      t.match((await ask()).json(), {
        data: { prizes: [{ left_total: 90 - n }] },
      });
    }
  },
);
