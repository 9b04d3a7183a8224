import { setImmediate as turn } from "node:timers/promises";
import type { Sql } from "postgres";
import { createLane, type Lane } from "../../../src/campaigns/lane.js";
import { createClock } from "../../../src/clock.js";
import type { Outcome } from "../../../src/engine/engine.js";
import { unavailable } from "../../../src/errors.js";
import { parseWins } from "../../../src/outbox/win.js";
import { readCampaigns } from "../../../src/prizes/campaign.js";
import { systemRandom } from "../../../src/random.js";
import { shardOf } from "../../../src/shards/shard-of.js";
import { shardsOf } from "../../../src/stores/keys.js";
import type { Postgres } from "../../../src/stores/postgres.js";
import { type Actor, CLOSED, createDice, createDirector } from "./director.js";
import { type Node, redisOf } from "./nodes.js";

/** What a history is played on: real stores, a database of its own. */
export type Stage = { nodes: Node[]; postgres: Postgres; sql: Sql };

/** What went wrong, and what happened on the way. */
export type Played = {
  problems: string[];
  steps: number;
  failovers: number;
  kills: number;
};

const SERVERS = 3;
const MOST_STEPS = 20_000;

/** Tries of a draw after the storm: many at once wait for one server that moves numbers. */
const MOST_ROUNDS = 15;

type Server = Actor & { lanes: Lane[]; drawing: Set<string> };

/**
 * Plays draws on several shards while stores and servers fail at every step, as the seed has it; then all is well again, and
 * fresh users draw until nothing is left. Returns what breaks a promise.
 */
export async function play(
  { nodes, postgres, sql }: Stage,
  seed: number,
): Promise<Played> {
  const dice = createDice(seed);
  const director = createDirector(dice);
  const id = `h${seed}`;
  const shards = dice.pick([2, 3, 5, 8]);
  const quota = 1 + dice.upTo(30);
  const daily = dice.happens(0.3) ? 1 + dice.upTo(quota) : null;
  const crowd = quota + 10 + dice.upTo(20);
  const played: Played = { problems: [], steps: 0, failovers: 0, kills: 0 };
  const fail = (problem: string) => played.problems.push(problem);

  for (const node of nodes) await node.empty();
  await sql`insert into campaign (id, title, shards) values (${id}, 'A history', ${shards})`;
  await sql`
    insert into prize (campaign_id, id, title, probability, total_quota, daily_quota)
    values (${id}, 'CUP', 'a cup', 1, ${quota}, ${daily})`;
  const [campaign] = await readCampaigns(postgres, id);
  if (!campaign) throw new Error("no campaign");

  function start(): Server {
    const actor: Actor = { alive: true };
    const clock = createClock("UTC", async () => director.now(), director.now);
    const own: Postgres = {
      query: (statement) =>
        director
          .perform(actor, "postgres", () => postgres.query(statement))
          .catch((error: Error) => {
            throw error.message === CLOSED ? unavailable(error) : error;
          }),
      isPooled: () => false,
      close: async () => {},
    };
    const lanes: Lane[] = [];
    const onLost = () => {
      for (const { prizes } of lanes) prizes.markStale();
    };
    const shared = {
      redis: redisOf(director, actor, nodes, onLost),
      ...{ postgres: own, measured: own, clock, random: systemRandom },
      waiting: {
        now: director.now,
        pause: (milliseconds: number) => director.pause(actor, milliseconds),
      },
      timeZone: "UTC",
      claimDays: undefined,
      // As long as Redis has lost nothing, every number goes once.
      warn: (details: object) => {
        const { fate } = details as { fate?: string };
        if (fate === "refused" && played.failovers === 0) {
          fail(`Postgres refused a number: ${JSON.stringify(details)}`);
        }
      },
      watch: () => {},
      count: (engine: Lane["engine"]) => engine,
    };
    for (let n = 0; n < shards; n += 1) {
      lanes.push(createLane(shared, campaign as typeof campaign & object, n));
    }
    return Object.assign(actor, { lanes, drawing: new Set<string>() });
  }

  const servers = Array.from({ length: SERVERS }, start);
  const waiting = Array.from({ length: crowd }, (_, n) => `user ${n}`);
  const ends = new Map<string, Outcome["outcome"]>();
  const told = new Map<string, string>(); // user → id of the result

  function draw(server: Server, user: string): void {
    const lane = server.lanes[shardOf(user, shards)] as Lane;
    server.drawing.add(user);
    const key = Number(user.split(" ")[1]) % 2 ? `key-${user}` : undefined;
    lane.engine
      .draw(user, key)
      .then(async (outcome) => {
        if (!server.alive) return;
        server.drawing.delete(user);
        ends.set(user, outcome.outcome);
        if (outcome.outcome === "no_prize") await checkGone(user);
        if (outcome.outcome !== "won") return;
        const isTold = dice.happens(0.8);
        if (isTold) told.set(user, outcome.result.id);
        const telling = isTold ? "told" : "untold";
        lane.settlements.add({ ...outcome.settlement, telling });
      })
      .catch(() => {
        if (!server.alive) return;
        server.drawing.delete(user);
        waiting.push(user);
      });
  }

  /** Whoever is told that nothing is left: is it so? After a failover Redis may have lost wins, whose numbers come back. */
  async function checkGone(user: string): Promise<void> {
    if (played.failovers > 0) return;
    const taken = await countTaken();
    const most = Math.min(quota, daily ?? quota);
    if (taken < most)
      fail(`${user} got nothing, and ${taken} of ${most} were taken`);
  }

  async function countTaken(): Promise<number> {
    const rows = await sql<{ unit: number }[]>`
      select unit::int as unit from result where campaign_id = ${id}`;
    const units = new Set(rows.map(({ unit }) => unit));
    for (const [n, keys] of shardsOf({ id, shards }).entries()) {
      const { client } = nodes[n % nodes.length] as Node;
      for (const [entry, fields] of await client.xrange(
        keys.outbox,
        "-",
        "+",
      )) {
        for (const win of parseWins(entry, fields[1] ?? ""))
          units.add(win.unit);
      }
    }
    return units.size;
  }

  /** What the scheduler does every second. */
  function tick({ lanes }: Server): void {
    for (const lane of lanes) {
      const { prizes, restoring, refill, settlements, sweep } = lane;
      const work = async () => {
        await prizes.check();
        await restoring.run();
        await refill();
        await settlements.retry();
        await sweep(0);
      };
      work().catch(() => {});
    }
  }

  async function disturb(): Promise<void> {
    const node = dice.pick(nodes);
    if (dice.happens(0.02)) await node.copy();
    if (dice.happens(0.004)) {
      played.failovers += 1;
      await director.cut(node.name);
      await node.failOver(dice.happens(0.2));
      for (const { lanes } of servers) {
        for (const { prizes } of lanes) prizes.markStale();
      }
    }
    const store = dice.pick([node.name, "postgres"]);
    if (dice.happens(0.01)) director.setAway(store, true);
    else if (dice.happens(0.05)) director.setAway(store, false);
    if (dice.happens(0.004)) {
      played.kills += 1;
      const n = dice.upTo(SERVERS);
      const server = servers[n] as Server;
      director.kill(server);
      waiting.push(...server.drawing);
      servers[n] = start();
    }
    // A lease goes by Postgres's clock: here it goes by the director's.
    if (dice.happens(0.02)) {
      director.wait(2_000);
      await sql`update shard_lease set until = until - interval '2 seconds'`;
    }
  }

  // The storm.
  const length = 400 + dice.upTo(800);
  for (let n = 0; n < length; n += 1) {
    await disturb();
    if (dice.happens(0.2) && waiting.length > 0) {
      const user = waiting.splice(dice.upTo(waiting.length), 1)[0] as string;
      draw(dice.pick(servers), user);
    }
    if (dice.happens(0.02)) tick(dice.pick(servers));
    await director.step();
    played.steps += 1;
  }

  // And after it.
  director.calm();
  await sql`update shard_lease set until = now() - interval '1 second'`;
  const settle = async () => {
    for (let idle = 0; idle < 2; ) {
      idle = (await director.step()) ? 0 : idle + 1;
      played.steps += 1;
      if (played.steps > MOST_STEPS) {
        fail("it never comes to an end");
        return;
      }
    }
  };
  const isOver = () => played.steps > MOST_STEPS;
  for (let round = 0; round < 5; round += 1) {
    for (const server of servers) tick(server);
    await settle();
    director.wait(4_000);
  }
  const drawAll = async () => {
    for (let round = 0; waiting.length > 0 && !isOver(); round += 1) {
      if (round === MOST_ROUNDS)
        fail("draws get no answer, though all is well");
      if (round >= MOST_ROUNDS) return;
      for (const user of waiting.splice(0)) draw(dice.pick(servers), user);
      await settle();
    }
  };
  await drawAll();
  // Fresh users of one shard, until none of them gets a unit: wherever there are some, they come here.
  const shard = dice.upTo(shards);
  for (let n = 0, wins = 1; wins > 0 && !isOver(); ) {
    const users: string[] = [];
    for (; users.length < 8; n += 1) {
      if (shardOf(`late ${n}`, shards) === shard) users.push(`late ${n}`);
    }
    waiting.push(...users);
    await drawAll();
    wins = users.filter((user) => ends.get(user) === "won").length;
  }
  for (let round = 0; round < 2; round += 1) {
    for (const server of servers) tick(server);
    await settle();
  }
  await turn();

  const rows = await sql<{ id: string; user_id: string; unit: number }[]>`
    select id, user_id, unit::int as unit from result where campaign_id = ${id}`;
  const most = Math.min(quota, daily ?? quota);
  if (rows.length !== most) fail(`${rows.length} of ${most} units went`);
  const rowOf = new Map(rows.map((row) => [row.user_id, row.id]));
  for (const [user, result] of told) {
    if (rowOf.get(user) !== result)
      fail(`${user} was told a win that has no row`);
  }
  for (const [user, end] of ends) {
    if (end === "no_prize" && rowOf.has(user))
      fail(`${user} lost, and has a row`);
  }
  for (const server of servers) director.kill(server);
  director.end();
  return played;
}
