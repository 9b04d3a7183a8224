import { unavailable } from "../../errors.js";
import type { Keep } from "../../proof/keep.js";
import { fillGaps } from "../../shards/gaps.js";
import type { Scope } from "../campaign.js";
import { beganAt, isRestoring, nameOf } from "../epoch.js";
import type { Prizes } from "../reload.js";

/** After this time no win from before a loss is still on its way to its row. */
const LONGEST_WAY_MS = 5_000;

/** The field of a day's counters that names the data whose gaps are filled. */
const FILLED = "@filled";

/** Once after each loss: numbers that neither a row nor the outbox holds go to whoever draws next. Rejects with UNAVAILABLE. */
export type Refill = () => Promise<void>;

export function createRefill(
  scope: Scope,
  prizes: Pick<Prizes, "epoch">,
  keep: Pick<Keep, "reconcile">,
): Refill {
  const { redis, keys, clock, held } = scope;
  const filled = new Map<string, string>(); // date → the name of its data

  return async () => {
    const { date: today, before } = clock.today();
    for (const date of filled.keys()) if (date < before) filled.delete(date);
    for (const date of [before, today]) {
      const epoch = prizes.epoch(date);
      if (epoch === undefined || isRestoring(epoch)) continue;
      const name = nameOf(epoch);
      if (filled.get(date) === name) continue;
      const day = clock.day(date);
      const isOfLoss = beganAt(name) >= clock.day(day.before).endsAt;
      if (isOfLoss && clock.now() < beganAt(name) + LONGEST_WAY_MS) continue;
      const counters = keys.takenToday(date);
      if (
        isOfLoss &&
        (await redis.hget(counters, FILLED).catch(refuse)) !== name
      ) {
        const { id: campaign } = held.campaign;
        // In this order: before a number can be another's, its log says that the win came to nothing.
        if (!(await keep.reconcile(date))) continue;
        await fillGaps({ ...scope, campaign }, date);
        await redis.hset(counters, FILLED, name).catch(refuse);
      }
      filled.set(date, name);
    }
  };
}

function refuse(error: unknown): never {
  throw unavailable(error);
}
