import { type Costs, told } from "./fit.js";

export type Parts = {
  /** microseconds that each part takes for a draw, a win, a call and an INSERT */
  server: Costs;
  redis: Costs;
  postgres: Costs;
  /** batches of a busy server, in draws and in wins: larger ones are not counted on */
  largest: { call: number; insert: number };
};

export type Load = { draws: number; share: number };

export type Plan = Load & {
  servers: number;
  shards: number;
  /** cores that are busy when all of it is under way */
  busy: { servers: number; redis: number; postgres: number };
  /** draws that a server sends to a shard at once */
  batch: number;
  /** milliseconds that a batch is under way while the next one fills */
  turn: number;
};

/** How busy a core may be: beyond it a crowd finds no room. */
export const BUSY = 0.8;

/** Milliseconds that a plan may choose from. */
const TURNS = [10, 20, 50, 100, 200];

/** Quicker answers may take so many times the cores of the slowest ones. */
const QUICKER = 1.25;

const SHARDS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];

/**
 * The fewest shards, and the fewest servers for them, that take a load, with the quickest answers that are not much
 * dearer than slow ones. Undefined where 64 shards do not.
 */
export function plan(parts: Parts, load: Load): Plan | undefined {
  const plans = TURNS.flatMap((turn) => withTurn(parts, load, turn) ?? []);
  const least = Math.min(...plans.map(coresOf));
  return plans.find((it) => coresOf(it) <= QUICKER * least);
}

const coresOf = ({ servers, shards, busy }: Plan) =>
  servers + shards + busy.postgres / BUSY;

function withTurn(parts: Parts, load: Load, turn: number): Plan | undefined {
  for (const shards of SHARDS) {
    const servers = serversFor(parts, load, shards, turn);
    const it = at(parts, load, { servers, shards, turn });
    if (it.busy.redis <= BUSY * shards) return it;
  }
  return undefined;
}

/** Every server sends every shard one call at a time, and has one INSERT a shard under way. */
function at(
  parts: Parts,
  { draws, share }: Load,
  { servers, shards, turn }: Pick<Plan, "servers" | "shards" | "turn">,
): Plan {
  const lanes = servers * shards;
  const most = lanes * (1_000 / turn);
  const wins = draws * share;
  const { call, insert } = parts.largest;
  const counts = {
    draws,
    wins,
    calls: Math.max(draws / call, Math.min(draws, most)),
    inserts: Math.max(wins / insert, Math.min(wins, most)),
  };
  const cores = (costs: Costs) => told(costs, counts) / 1e6;
  const busy = {
    servers: cores(parts.server),
    redis: cores(parts.redis),
    postgres: cores(parts.postgres),
  };
  const batch = draws / counts.calls;
  return { draws, share, servers, shards, turn, busy, batch };
}

function serversFor(parts: Parts, load: Load, shards: number, turn: number) {
  const fits = (servers: number) =>
    at(parts, load, { servers, shards, turn }).busy.servers <= BUSY * servers;
  let most = 1;
  while (!fits(most)) most *= 2;
  let least = Math.floor(most / 2);
  while (most - least > 1) {
    const middle = Math.floor((least + most) / 2);
    if (fits(middle)) most = middle;
    else least = middle;
  }
  return most;
}

/** The most draws a second for which a plan is as wanted, to three digits; of those up to two million. */
export function most(
  parts: Parts,
  share: number,
  wanted: (plan: Plan) => boolean,
): number {
  let [least, beyond] = [0, 2_000_000];
  while (beyond - least > least / 1_000 + 1) {
    const draws = (least + beyond) / 2;
    const it = plan(parts, { draws, share });
    if (it && wanted(it)) least = draws;
    else beyond = draws;
  }
  return least;
}
