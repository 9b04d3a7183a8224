import createClient from "openapi-fetch";
import type { components, paths } from "./lucky-draw.js";

/** Draws and redeems at the server whose address it is given, and prints what came of it as JSON. */
const lucky = createClient<paths>({ baseUrl: process.argv[2] ?? "" });

type Result = components["schemas"]["Result"];

async function draw(username: string): Promise<Result> {
  const { data, error } = await lucky.POST("/draw", {
    params: { header: { "Idempotency-Key": "monday" } },
    body: { username },
  });
  if (error) throw new Error(`${error.code}: ${error.error}`);
  if ("message" in data)
    throw new Error(data.message.resets_at ?? "it is over");
  return data.data.result;
}

async function redeem({ id, user_id }: Result) {
  const body = { id, username: user_id, phone_no: "+85299999999" };
  const { data, error } = await lucky.POST("/redeem", { body });
  if (error) throw new Error(error.error);
  const phone: string | null = data.data.result.phone_no;
  return { phone, redeemed_at: data.data.result.redeemed_at };
}

async function quotas(): Promise<Record<string, number | null>> {
  const { data } = await lucky.GET("/prizes");
  const prizes = data?.data.prizes ?? [];
  return Object.fromEntries(
    prizes.map(({ id, daily_quota }) => [id, daily_quota]),
  );
}

const won = await draw("ann");
const again = await lucky.GET("/redeem", {
  params: { query: { id: won.id, username: "bob" } },
});
const code = again.error?.code;
const redeemed = await redeem(won);
console.log(JSON.stringify({ won, redeemed, code, quotas: await quotas() }));
