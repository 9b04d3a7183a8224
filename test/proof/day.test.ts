import t from "tap";
import type { Server } from "../../src/server.js";
import { holds } from "../support/logged-day.js";
import { drawIn, setCampaign } from "../support/set-campaign.js";
import { closeDay, DAY, receiptOf, setUpProof } from "../support/verifiable.js";

t.test("a day with all the rules, drawn by three servers", async (t) => {
  const set = await setUpProof(t, { servers: 3 });
  const { world, time, all, server } = set;
  await setCampaign(
    world,
    { id: "xmas", verifiable: true, draws_per_day: 3, wins_per_user: 1 },
    [
      { id: "BIKE", probability: 0, total_quota: 3 },
      { id: "CAP", probability: 0.2, daily_quota: 30, total_quota: 40 },
      {
        id: "PEN",
        probability: 0.3,
        daily_quota: 100,
        release_from: "09:00",
        release_to: "17:00",
      },
      { id: "TEA", probability: 0.01, daily_quota: 60, fallback: true },
    ],
    ...all,
  );
  await world.sql`
    insert into moment (campaign_id, prize_id, at) values
      ('xmas', 'BIKE', '2099-12-01T10:30:00Z'), ('xmas', 'BIKE', '2099-12-01T10:30:00Z'),
      ('xmas', 'BIKE', '2099-12-01T13:00:00Z'), ('xmas', 'BIKE', '2099-12-02T13:00:00Z')`;
  for (const one of all) await one.campaigns.check();
  const receipts: object[] = [];
  async function crowd(from: number, to: number) {
    const answers = await Promise.all(
      Array.from({ length: to - from }, (_, n) =>
        drawIn(
          all[n % 3] as Server & { url: string },
          "xmas",
          `user ${from + n}`,
        ),
      ),
    );
    for (const answer of answers) {
      t.equal(answer.status, 200, JSON.stringify(answer.body));
      const receipt = receiptOf(answer);
      if (receipt) receipts.push(receipt);
    }
  }
  await crowd(0, 60);
  time.set("2099-12-01T10:45:00Z");
  await crowd(0, 60);
  await server.scheduler.tick();
  // The table is edited, and a quota lowered below what has gone.
  await world.sql`update prize set probability = 0.4 where campaign_id = 'xmas' and id = 'CAP'`;
  await world.sql`update prize set daily_quota = 5 where campaign_id = 'xmas' and id = 'PEN'`;
  await world.sql`
    insert into moment (campaign_id, prize_id, at) values ('xmas', 'BIKE', '2099-12-01T13:30:00Z')`;
  await world.sql`update prize set total_quota = 4 where campaign_id = 'xmas' and id = 'BIKE'`;
  for (const one of all) await one.campaigns.check();
  time.set("2099-12-01T14:00:00Z");
  await crowd(30, 120);
  await crowd(0, 120);
  for (const one of all) await one.scheduler.tick();
  await closeDay(set);
  t.ok(receipts.length > 200, `${receipts.length} receipts`);
  const lines = receipts.map((it) => (it as { line: string }).line);
  t.equal(new Set(lines).size, lines.length, "each of a line of its own");
  const said = await holds(t, world, { campaign: "xmas", day: DAY }, receipts);
  t.match(said, /Every outcome follows/);
  t.match(said, /would have won/);
  const [close] = await world.sql<{ close: string }[]>`
    select close from proof_day where draw_date = ${DAY}::text::date`;
  const { wins, draws } = JSON.parse(close?.close.split("\n")[0] ?? "");
  t.equal(draws, receipts.length, "each draw is counted, and had its receipt");
  const rows = await world.sql<{ prize_id: string; wins: number }[]>`
    select prize_id, count(*)::int as wins from result where draw_date = ${DAY}::text::date group by prize_id order by prize_id`;
  t.same(wins, Object.fromEntries(rows.map((it) => [it.prize_id, it.wins])));
  t.equal(wins.BIKE, 4, "its moments of the day");
});
