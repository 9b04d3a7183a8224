import { createHash, createHmac } from "node:crypto";
import { gunzipSync } from "node:zlib";
import t from "tap";
import { fakeTime } from "../support/fake-time.js";
import { drawIn, setCampaign } from "../support/set-campaign.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";

const KEY = "11".repeat(32);

t.test("a day", async (t) => {
  const world = await createWorld(t);
  const time = fakeTime("2099-12-01T10:00:00Z");
  const lines: string[] = [];
  const server = await startServer(t, world, {
    ...time.options(),
    settings: { PROOF_KEY: KEY },
    logged: (line) => lines.push(line),
  });
  await setCampaign(
    world,
    { id: "xmas", verifiable: true, draws_per_day: 2, wins_per_user: 1 },
    [
      { id: "A", probability: 0.3, daily_quota: 5 },
      { id: "B", probability: 0.3, total_quota: 4 },
      { id: "C", probability: 0.01, fallback: true, daily_quota: 6 },
    ],
    server,
  );
  for (let round = 0; round < 2; round += 1)
    for (let n = 0; n < 12; n += 1) {
      const answer = await drawIn(server, "xmas", `user ${n}`);
      if (answer.status !== 200)
        console.log(JSON.stringify(answer), lines.slice(-3).join("\n"));
      else if (n === 0) console.log(JSON.stringify(answer.body));
    }
  await server.scheduler.tick();
  for (const row of await world.sql`select draw_date::text, seal, key_text, close from proof_day order by 1`)
    console.log(row);
  const read = async () => {
    for (const row of await world.sql`select * from proof_log`)
      console.log(row);
    for (const row of await world.sql`select packed, checkpoint from proof_chunk order by draw_date, first_index`)
      console.log(gunzipSync(row.packed).toString(), row.checkpoint);
  };
  await read();
  time.set("2099-12-02T00:00:30Z");
  await server.scheduler.tick();
  await server.scheduler.tick();
  for (const row of await world.sql`select draw_date::text, close from proof_day order by 1`)
    console.log(row);
  console.log(lines.filter((l) => /"level":(40|50)/.test(l)).join("\n"));
});
