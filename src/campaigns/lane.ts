import type { Clock } from "../clock.js";
import { createEngine, type Engine } from "../engine/engine.js";
import { createSweep, type Sweep } from "../engine/sweep.js";
import { createSettlements, type Settlements } from "../outbox/settle.js";
import { createUntold, type Untold } from "../outbox/untold.js";
import type { Campaign, Scope } from "../prizes/campaign.js";
import { createPrizes, type Prizes } from "../prizes/reload.js";
import { createRefill, type Refill } from "../prizes/restoring/refill.js";
import {
  createRestoring,
  type Restoring,
} from "../prizes/restoring/restoring.js";
import { createDays, type Days } from "../proof/days.js";
import { createKeep, type Keep } from "../proof/keep.js";
import { voidWin } from "../proof/log/void.js";
import type { ProofSettings } from "../proof/sealing/sealed-days.js";
import { freshName, type Random } from "../random.js";
import { createResults, type Results } from "../results/results.js";
import { createLedger } from "../shards/ledger.js";
import {
  byMachine,
  createReplenish,
  type Replenish,
  type Waiting,
} from "../shards/replenish.js";
import { shardOf } from "../shards/shard-of.js";
import { createSpare, type Spare } from "../shards/spare.js";
import { keysOf, shardsOf } from "../stores/keys.js";
import type { Postgres } from "../stores/postgres.js";
import type { Redis } from "../stores/redis.js";

/** All that serves one campaign: its batches, its table, its outbox. Lanes share the stores and the clock, and nothing else. */
export type Lane = Scope & {
  prizes: Prizes;
  engine: Engine;
  results: Results;
  settlements: Settlements;
  restoring: Restoring;
  refill: Refill;
  spare: Spare;
  /** where the campaign is on several shards */
  replenish: Replenish | undefined;
  sweep: Sweep;
  untold: Untold;
  /** which days have logs, and the logs on their way to Postgres */
  days: Days;
  keep: Keep;
};

/** Whether it is the only lane of its campaign, or that of its first shard. */
export const isFirst = ({ shard }: Pick<Lane, "shard">): boolean => !shard;

/** What all lanes share. */
export type Shared = {
  redis: Redis;
  /** and the one whose INSERTs are measured */
  postgres: Postgres;
  measured: Postgres;
  clock: Clock;
  random: Random;
  /** how numbers are waited for; default: by the machine's clock */
  waiting?: Waiting;
  /** of campaigns without their own */
  timeZone: string;
  claimDays: number | undefined;
  /** how days are sealed; undefined without PROOF_KEY */
  proof?: ProofSettings | undefined;
  warn: (details: object, sentence: string) => void;
  /** is handed every reload that begins, and why its prizes are not in force */
  watch: (
    campaign: string,
    reload: Promise<unknown>,
    problem: () => string | undefined,
  ) => void;
  /** counts the engine's draws */
  count: (engine: Engine, campaign: string) => Engine;
};

/** `shard`: which of the campaign's, where it has several. */
export function createLane(
  shared: Shared,
  campaign: Campaign,
  shard?: number,
): Lane {
  const { redis, postgres, timeZone, claimDays, random } = shared;
  const { waiting = byMachine } = shared;
  const { id } = campaign;
  const held = { campaign };
  const zone = () => held.campaign.time_zone ?? timeZone;
  const clock = shared.clock.in(zone);
  const keys = keysOf(id, shard);
  const everywhere = shard === undefined ? [keys] : shardsOf(campaign);
  const scope: Scope = {
    ...{ redis, postgres, keys, clock, held, shard, everywhere },
  };
  const warn = (details: object, sentence: string) =>
    shared.warn({ campaign: id, ...details }, sentence);
  const proofs = {
    ...{ ...scope, shardOf, timeZone, warn, settings: shared.proof },
    server: freshName(),
  };
  const days = createDays(proofs);
  const keep = createKeep(proofs, days);
  const prizes: Prizes = createPrizes(
    { ...scope, timeZone, days },
    (sentence) => warn({}, sentence),
    (reload) => shared.watch(id, reload, prizes.problem),
  );
  const results = createResults(shared.measured, id, shard !== undefined);
  const settlements = createSettlements(redis, keys, clock);
  const of = { campaign: id, shard, everywhere };
  const replenish =
    shard === undefined
      ? undefined
      : createReplenish({
          redis,
          ledger: createLedger(postgres),
          clock,
          ...{ ...of, shard, ...waiting },
          reload: (date) => prizes.reload(date),
        });
  const giveBack = createSpare(redis, postgres, { ...of, keys });
  // In this order: before its number can be another's.
  const spare: Spare = async (win) => {
    await voidWin(redis, keys, clock, win);
    await giveBack(win);
  };
  const parts = {
    ...{ waiting, prizes, results, settlements, replenish, spare, days },
  };
  const engine = shared.count(createEngine(scope, parts, random, warn), id);
  const sweep = createSweep({
    ...scope,
    engine,
    settlements,
    results,
    spare,
    warn,
  });
  const claimed = () => held.campaign.claim_days ?? claimDays;
  return {
    ...scope,
    ...parts,
    engine,
    sweep,
    restoring: createRestoring(scope, prizes),
    keep,
    refill: createRefill(scope, prizes, keep),
    untold: createUntold(redis, keys, clock, claimed),
  };
}
