import t from "tap";
import { migrate } from "../../src/stores/migrate.js";
import { createPostgres } from "../../src/stores/postgres.js";
import { createWorld } from "../support/world.js";
import { play } from "./histories/history.js";
import { startNode } from "./histories/nodes.js";

// Histories of many shards, servers and faults, each from its seed: `npm run torture -- --histories 1000` plays more.

const COUNT = Number(process.env.HISTORIES ?? 15);
const FIRST = Number(process.env.SEED ?? 1);

// Some three seconds each; a busy machine takes several times as long.
t.setTimeout((60 + COUNT * 40) * 1_000);

t.test("no history breaks a promise", async (t) => {
  const { databaseUrl, sql } = await createWorld(t);
  const nodes = await Promise.all([0, 1, 2].map((n) => startNode(t, n)));
  await migrate(databaseUrl, false);
  const postgres = createPostgres(databaseUrl);
  t.teardown(() => postgres.close());
  const sums = { steps: 0, failovers: 0, kills: 0 };
  for (let seed = FIRST; seed < FIRST + COUNT; seed += 1) {
    const played = await play({ nodes, postgres, sql }, seed);
    t.same(played.problems, [], `seed ${seed}`);
    sums.steps += played.steps;
    sums.failovers += played.failovers;
    sums.kills += played.kills;
  }
  t.comment(JSON.stringify(sums));
  t.ok(sums.failovers > 0 && sums.kills > 0, "there were faults");
});
