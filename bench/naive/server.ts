import { randomInt, randomUUID } from "node:crypto";
import Fastify from "fastify";
import { Redis } from "ioredis";
import createSql from "postgres";
import { Failed } from "../../src/http/schemas/common.js";
import { DrawBody, DrawHeaders, Drawn } from "../../src/http/schemas/draw.js";

// The naive design of the same contract, with the same libraries at their defaults: each draw reads the prizes with a
// SELECT, takes its decision with separate commands to Redis, and writes a row, won or lost. It is no more correct than
// such a design is: two requests at once both draw, and a crash in between burns the user's day.

const { DATABASE_URL = "", REDIS_URL = "" } = process.env;
const sql = createSql(DATABASE_URL);
const redis = new Redis(REDIS_URL, { protocol: 2 });

type Prize = {
  id: string;
  title: string;
  probability: number;
  daily_quota: number | null;
  total_quota: number | null;
};

async function draw(userId: string) {
  const date = new Date().toISOString().slice(0, 10);
  const resets_at = `${date}T24:00:00Z`;
  if (await redis.sismember(`participants:${date}`, userId)) {
    const message = "You have already participated. Please come back tomorrow!";
    return { success: true, data: { message, resets_at } };
  }
  const prizes = await sql<Prize[]>`
    select id, title, probability::float8 as probability, daily_quota, total_quota from prize where active order by id`;
  const prize = await take(pick(prizes), date);
  await redis.sadd(`participants:${date}`, userId);
  const result = {
    id: randomUUID(),
    user_id: userId,
    prize_id: prize?.id ?? null,
    created_at: new Date(),
  };
  await sql`insert into draw ${sql(result)}`;
  if (!prize) {
    const message = "Unlucky! Please try again tomorrow!";
    return { success: true, data: { message, resets_at } };
  }
  const message = `Congratulations! You have won a ${prize.title}!`;
  const created_at = result.created_at.toISOString();
  return {
    success: true,
    data: { message, result: { ...result, created_at } },
  };
}

function pick(prizes: Prize[]): Prize | undefined {
  let roll = randomInt(1_000_000_000) / 1_000_000_000;
  for (const prize of prizes) {
    roll -= prize.probability;
    if (roll < 0) return prize;
  }
  return undefined;
}

async function take(prize: Prize | undefined, date: string) {
  if (!prize) return undefined;
  const left = {
    [`left:${prize.id}`]: prize.total_quota,
    [`left:${prize.id}:${date}`]: prize.daily_quota,
  };
  for (const [key, quota] of Object.entries(left)) {
    if (quota === null) continue;
    await redis.setnx(key, quota);
    if ((await redis.decr(key)) < 0) return undefined;
  }
  return prize;
}

await sql`
  create table if not exists draw (
    id uuid primary key,
    user_id text not null,
    prize_id text references prize (id),
    created_at timestamptz not null
  )`;
const app = Fastify({ logger: { level: "info" }, disableRequestLogging: true });
const response = { 200: Drawn, default: Failed };
const schema = { body: DrawBody, headers: DrawHeaders, response };
app.post<{ Body: { username: string } }>("/draw", { schema }, ({ body }) =>
  draw(body.username),
);
await app.listen({ host: "127.0.0.1", port: 0 });
