import t, { type Test } from "tap";
import { filesOfDay, holds } from "../support/logged-day.js";
import {
  drawIn,
  drawUntilToldIn,
  setCampaign,
} from "../support/set-campaign.js";
import { startChain } from "../support/start-chain.js";
import { closeDay, DAY, receiptOf, setUpProof } from "../support/verifiable.js";

// A day whose rolls wait for a public beacon: a chain of the test's own, with a real key.

const NEXT = "2099-12-02";
const CUP = [{ id: "CUP", probability: 0.5 }];
const XMAS = { id: "xmas", verifiable: true };
const AT = (moment: string) => Date.parse(moment);

/** A chain that began the day before, and a server that waits for it. */
async function setUp(
  t: Test,
  BEACON: "preferred" | "required",
  start = `${DAY}T10:00:00Z`,
) {
  let now = () => AT(start);
  const chain = await startChain(
    {
      scheme: "bls-unchained-g1-rfc9380",
      genesis_time: AT("2099-11-30T00:00:00Z") / 1_000,
      period: 30,
    },
    { now: () => now() },
  );
  t.teardown(chain.stop);
  const lines: string[] = [];
  const set = await setUpProof(t, {
    start,
    settings: { BEACON_URL: chain.url, BEACON_CHAIN: chain.chain, BEACON },
    options: { logged: (line: string) => lines.push(line) },
  });
  await setCampaign(set.world, XMAS, CUP, set.server);
  const to = (moment: string) => {
    set.time.set(moment);
    now = () => AT(moment);
  };
  return { ...set, chain, lines, to };
}

const sealOf = async (world: Parameters<typeof filesOfDay>[0], day: string) => {
  const files = await filesOfDay(world, { campaign: "xmas", day });
  return JSON.parse(files.get("seal.note")?.split("\n")[0] ?? "");
};

t.test("the rolls of a day wait for its round", async (t) => {
  const set = await setUp(t, "required");
  const { world, server, to, chain } = set;
  t.equal(
    receiptOf(await drawUntilToldIn(server, "xmas", "ann")),
    undefined,
    "too late",
  );
  const { beacon, begins_at } = await sealOf(world, NEXT);
  const round = (begins_at - 60_000 - AT("2099-11-30T00:00:00Z")) / 30_000 + 1;
  t.match(beacon, { round, chain_hash: chain.chain });
  to(`${DAY}T23:59:10Z`);
  await server.scheduler.tick();
  t.ok(chain.asked.some((path) => path.endsWith(`/public/${round}`)));
  const asked = chain.asked.length;
  to(`${NEXT}T00:00:10Z`);
  const receipts: object[] = [];
  for (let n = 0; n < 30; n += 1) {
    receipts.push(
      receiptOf(await drawUntilToldIn(server, "xmas", `user ${n}`)) ?? {},
    );
  }
  t.equal(chain.asked.length, asked, "no draw waits for it");
  await closeDay(set, { day: NEXT, after: "2099-12-03T00:00:30Z" });
  const said = await holds(t, world, { campaign: "xmas", day: NEXT }, receipts);
  t.match(said, /held.*beacon/i);
});

t.test("required: nobody draws until it is there", async (t) => {
  const { server, to, chain, lines } = await setUp(t, "required");
  chain.mischief.status = 500;
  to(`${NEXT}T00:00:10Z`);
  t.equal((await drawIn(server, "xmas", "ann")).status, 503);
  t.match(lines.join(""), /Nobody draws: the beacon's round/);
  delete chain.mischief.status;
  await server.scheduler.tick();
  t.equal((await drawUntilToldIn(server, "xmas", "ann")).status, 200);
});

t.test("preferred: the day goes on without it, and says so", async (t) => {
  const set = await setUp(t, "preferred");
  const { world, server, to, chain, lines } = set;
  chain.mischief.round = { signature: chain.sign(1) };
  to(`${NEXT}T00:00:10Z`);
  for (let n = 0; n < 10; n += 1)
    await drawUntilToldIn(server, "xmas", `user ${n}`);
  t.match(lines.join(""), /The day goes on without the beacon's round/);
  // It stays so for the day, whatever comes.
  delete chain.mischief.round;
  await server.scheduler.tick();
  await drawUntilToldIn(server, "xmas", "late");
  await closeDay(set, { day: NEXT, after: "2099-12-03T00:00:30Z" });
  await holds(t, world, { campaign: "xmas", day: NEXT });
  const files = await filesOfDay(world, { campaign: "xmas", day: NEXT });
  t.match(files.get("log-0.tsv"), /"beacon":"missing"/);
});

t.test("a chain that can't be asked when a day is to be sealed", async (t) => {
  const required = await setUp(t, "required");
  required.chain.mischief.status = 500;
  // The server has asked what the chain is before; a later one has not.
  await required.server.close();
  const { startServer } = await import("../support/start-server.js");
  const { PROOF_KEY } = await import("../support/verifiable.js");
  const { chain, world, time } = required;
  const settings = {
    PROOF_KEY,
    BEACON_URL: chain.url,
    BEACON_CHAIN: chain.chain,
  };
  const lines: string[] = [];
  required.to(`${NEXT}T12:00:00Z`);
  const later = await startServer(t, world, {
    ...time.options(),
    settings: { ...settings, BEACON: "required" },
    logged: (line) => lines.push(line),
  });
  await later.scheduler.tick();
  t.match(lines.join(""), /The day can't be sealed: the beacon/);
  const days = await world.sql<{ day: string }[]>`
    select draw_date::text as day from proof_day order by 1`;
  t.same(
    days.map(({ day }) => day),
    [NEXT],
  );
  delete chain.mischief.status;
  required.to(`${NEXT}T12:00:31Z`);
  await later.scheduler.tick();
  t.ok((await sealOf(world, "2099-12-03")).beacon, "sealed with the next look");
});

t.test("a day that begins too soon is sealed without it", async (t) => {
  const late = `${DAY}T23:49:30Z`; // nine and a half minutes before the round
  const { world, lines } = await setUp(t, "preferred", late);
  t.equal((await sealOf(world, NEXT)).beacon, null);
  t.match(lines.join(""), /sealed without the beacon: the day begins too soon/);
  const early = await setUp(t, "preferred", `${DAY}T23:48:30Z`);
  t.ok((await sealOf(early.world, NEXT)).beacon);
});
