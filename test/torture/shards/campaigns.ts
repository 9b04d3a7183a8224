import { keysOf, shardsOf } from "../../../src/stores/keys.js";
import { until } from "../../support/until.js";
import type { Arena } from "./arena.js";

/** One with prizes of all kinds on eight shards; one with two draws a day and one win a user on four. */
const MANY = { id: "many", shards: 8 };
const TWICE = { id: "twice", shards: 4 };

/** Prizes without a limit on 16 shards: whatever fails, no draw of it waits for what another shard has, so the odds show. */
const FREE = { id: "free", shards: 16 };

/** A moment falls due so often, in milliseconds. */
const EVERY = 500;

/** Of SAP, which has no limit. */
export const CHANCE = 0.3;

/** The prizes with a limit: the least of its quotas is what may go. */
export const LIMITED = [
  { id: "CAR", probability: 0.003, total_quota: 20, daily_quota: null },
  { id: "CUP", probability: 0.03, total_quota: 200, daily_quota: 60 },
  { id: "MUG", probability: 0.06, total_quota: 1_000, daily_quota: null },
  { id: "TEA", probability: 0.06, total_quota: null, daily_quota: 300 },
  {
    ...{ id: "BALM", probability: 0, total_quota: 500, daily_quota: null },
    fallback: true,
  },
];

/** Those whose draws anybody can check. */
export const VERIFIABLE = [MANY.id, TWICE.id];

export const campaignOf = (pick: number): string =>
  [TWICE.id, FREE.id, FREE.id][pick % 6] ?? MANY.id;

export const keysOfShard = (pick: number): string =>
  keysOf(MANY.id, pick % MANY.shards).prizes;

export const outboxes = () =>
  [MANY, TWICE, FREE].flatMap((it) => shardsOf(it).map(({ outbox }) => outbox));

/** Makes them, with moments for so many seconds, and waits until every server serves them. */
export async function makeCampaigns(
  { world: { sql }, slots }: Arena,
  seconds: number,
): Promise<void> {
  await sql`
    insert into campaign (id, title, shards, draws_per_day, wins_per_user, verifiable)
    values ('many', 'on eight shards', ${MANY.shards}, 1, null, true), ('twice', 'two draws, one win', ${TWICE.shards}, 2, 1, true),
      ('free', 'no limits', ${FREE.shards}, 1, null, false)`;
  const limited = LIMITED.map((prize) => ({
    ...{ campaign_id: "many", title: `a ${prize.id}`, fallback: false },
    ...prize,
  }));
  await sql`insert into prize ${sql(limited)}`;
  await sql`
    insert into prize (campaign_id, id, title, probability) values
      ('many', 'PEN', 'a pen', 0.3), ('many', 'KEY', 'a key', 0), ('twice', 'HAT', 'a hat', 0.5),
      ('free', 'SAP', 'a sapling', ${CHANCE}), ('free', 'NUT', 'a nut', 0.4)`;
  await sql`
    insert into moment (campaign_id, prize_id, at)
    select 'many', 'KEY', now() + n * ${EVERY}::int * interval '1 ms'
    from generate_series(1, ${Math.ceil((seconds * 1_000) / EVERY)}::int) n`;
  for (const { url } of slots) {
    for (const { id } of [MANY, TWICE, FREE]) {
      await until(`${id} at ${url}`, async () => {
        const answer = await fetch(`${url}/prizes?campaign=${id}`);
        const text = await answer.text();
        if (!/PEN|HAT|SAP/.test(text)) throw new Error(text);
      });
    }
  }
}

/** From now on the prizes with a limit are likely, so that what is left of them goes. */
export async function makeLikely({ world: { sql } }: Arena): Promise<void> {
  await sql`
    update prize set probability = case when fallback or id = 'KEY' then 0 when id = 'PEN' then 0.04 else 0.24 end
    where campaign_id = 'many'`;
}
