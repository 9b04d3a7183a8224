import type { Sql } from "postgres";
import { createLane, type Lane } from "../../src/campaigns/lane.js";
import { createClock } from "../../src/clock.js";
import type { Outcome } from "../../src/engine/engine.js";
import { readCampaigns } from "../../src/prizes/campaign.js";
import { PARTS, systemRandom } from "../../src/random.js";
import { shardOf } from "../../src/shards/shard-of.js";
import { migrate } from "../../src/stores/migrate.js";
import { createPostgres, type Postgres } from "../../src/stores/postgres.js";
import { createRedis, type Redis, redisTime } from "../../src/stores/redis.js";
import {
  type RedisCluster,
  startCluster,
} from "../../test/support/redis-cluster.js";
import { startWorld } from "../support/world.js";

/** Real stores: three masters, a Postgres, and what the servers' lanes share of them. */
export type Stage = {
  cluster: RedisCluster;
  redis: Redis;
  postgres: Postgres;
  sql: Sql;
  /** statements that asked the ledger, by its function */
  asked: Map<string, number>;
  end(): Promise<void>;
};

/** A machine that is busy with other things takes longer than a server would wait. */
const PATIENCE_MS = 10_000;

const LEDGER =
  /(grant_units|return_units|read_rights|look_for_units|lease_units)\(/;

export async function startStage(): Promise<Stage> {
  const world = await startWorld();
  const { owner, sql, databaseUrl } = world;
  const cluster = await startCluster(owner);
  const redis = createRedis(cluster.url, PATIENCE_MS);
  await redis.connect();
  owner.teardown(() => redis.disconnect());
  await migrate(databaseUrl, false);
  const own = createPostgres(databaseUrl);
  owner.teardown(() => own.close());
  const asked = new Map<string, number>();
  const query: Postgres["query"] = (statement) => {
    const [, name] = LEDGER.exec(String(statement(textOnly))) ?? [];
    if (name) asked.set(name, (asked.get(name) ?? 0) + 1);
    return own.query(statement);
  };
  const postgres = { ...own, query };
  return { cluster, redis, postgres, sql, asked, end: owner.end };
}

/** The tag of a statement of which only the text is wanted. */
const textOnly = ((strings: TemplateStringsArray) =>
  strings.join("?")) as unknown as Sql;

/** A prize of a campaign here; those of one campaign have the same odds. */
export type Prize = { id: string; total_quota: number };

/** One campaign as one server serves it, and what it announced. */
export type Play = {
  id: string;
  shards: number;
  lanes: Lane[];
  wins: number;
  /** every hundredth win's id */
  sample: string[];
  /** draws that were to be asked again */
  refusals: number;
  /** Has all lanes read the table anew. */
  check(): Promise<void>;
  /** One draw of a new user of a shard, who meets the prize of that number, else one by chance. */
  draw(shard: number, prize?: number): Promise<Outcome>;
  idle(): Promise<void>;
};

/** Adds a campaign of so many shards. `odds`: of all its prizes together. */
export async function startPlay(
  { redis, postgres, sql }: Stage,
  { id, shards }: { id: string; shards: number },
  prizes: Prize[],
  odds: number,
): Promise<Play> {
  await sql`insert into campaign (id, title, shards) values (${id}, ${id}, ${shards})`;
  const probability = Math.floor((odds * PARTS) / prizes.length) / PARTS;
  await sql`
    insert into prize ${sql(prizes.map((prize) => ({ ...prize, campaign_id: id, title: prize.id, probability })))}`;
  const [campaign] = await readCampaigns(postgres, id);
  if (!campaign) throw new Error(`no campaign ${id}`);
  let chosen: number | undefined;
  const roll = () =>
    chosen === undefined
      ? systemRandom.roll()
      : Math.floor(PARTS * probability * (chosen + 0.5));
  const shared = {
    ...{ redis, postgres, measured: postgres },
    clock: createClock("UTC", () => redisTime(redis)),
    random: { ...systemRandom, roll },
    timeZone: "UTC",
    claimDays: undefined,
    warn: (details: object, sentence: string) =>
      console.warn(sentence, details),
    watch: () => {},
    count: (engine: Lane["engine"]) => engine,
  };
  const lanes = Array.from({ length: shards }, (_, n) =>
    createLane(shared, campaign, shards === 1 ? undefined : n),
  );
  await Promise.all(lanes.map(({ prizes }) => prizes.reload()));
  const users = usersOf(id, shards);

  async function draw(shard: number, prize?: number): Promise<Outcome> {
    const lane = lanes[shard] as Lane;
    const user = users(shard);
    for (;;) {
      chosen = prize;
      // The roll is made before the first turn ends.
      const deciding = lane.engine.draw(user, user);
      chosen = undefined;
      const end = await deciding.catch(() => undefined);
      if (end === undefined) {
        play.refusals += 1;
        continue;
      }
      if (end.outcome === "won") {
        play.wins += 1;
        if (play.wins % 100 === 1) play.sample.push(end.result.id);
        lane.settlements.add({ ...end.settlement, telling: "told" });
      }
      return end;
    }
  }

  const play: Play = {
    ...{ id, shards, lanes, draw },
    ...{ wins: 0, sample: [], refusals: 0 },
    check: async () => {
      await Promise.all(lanes.map(({ prizes }) => prizes.check()));
    },
    idle: async () => {
      await Promise.all(lanes.map(({ settlements }) => settlements.idle()));
    },
  };
  return play;
}

/** New users of a campaign, of the shard that is wanted. */
function usersOf(campaign: string, shards: number) {
  const known = Array.from({ length: shards }, () => [] as string[]);
  let made = 0;
  return (shard: number): string => {
    const own = known[shard] as string[];
    while (own.length === 0) {
      made += 1;
      const user = `${campaign}-${made}`;
      known[shards === 1 ? 0 : shardOf(user, shards)]?.push(user);
    }
    return own.pop() as string;
  };
}
