import { createHeldPool, createPool, releasedOf } from "./pool.js";

/**
 * The table and the rules that a T line puts in force, with the numbers of its units.
 *
 * @typedef {{
 *   id: string, odds_to: number, daily_quota: number | null, total_quota: number | null, fallback: boolean, moments: boolean,
 *   release: [number, number] | null
 * }} Prize
 * @typedef {{ starts_at: number | null, ends_at: number | null, draws_per_day: number, wins_per_user: number | null, inactive: boolean }} Rules
 * @typedef {{ all: import("./pool.js").Pool, day: import("./pool.js").Pool }} Pools
 * @typedef {{ prize: Prize, unit: number, dayUnit: number }} Unit
 * @typedef {{ id: string, prize: string, at: number }} Moment
 * @typedef {ReturnType<typeof createTable>} Table
 */

/**
 * Throws an Error with a sentence where the text is no table.
 *
 * @param {string} version @param {string} text  JSON of a T line
 * @param {{ shards: number, momentsOf: (hash: string) => Moment[] | undefined }} day
 */
export function createTable(version, text, { shards, momentsOf }) {
  const said = JSON.parse(text);
  /** @type {Prize[]} */
  const prizes = said.prizes;
  /** @type {Rules} */
  const rules = said.rules;
  let before = 0;
  for (const { odds_to } of prizes) {
    if (!(odds_to >= before && odds_to <= 1_000_000_000)) {
      throw new Error("The stretches of the odds are not in order.");
    }
    before = odds_to;
  }
  /** @type {Map<string, Pools>} */
  const pools = new Map();
  for (const { id } of prizes) {
    const ever = said.taken?.[id] ?? 0;
    const today = said.taken_today?.[id] ?? 0;
    const spare = said.spare?.[id] ?? {};
    pools.set(id, {
      all:
        shards > 1 ? createHeldPool(ever) : createPool(ever, spare.all ?? []),
      day:
        shards > 1 ? createHeldPool(today) : createPool(today, spare.day ?? []),
    });
  }
  const claimed = new Set(said.claimed?.map(String));
  const due = said.moments ? momentsOf(said.moments) : [];
  // In the order in which they are given: by their time, then by the bytes of their names.
  const moments = due
    ?.filter(({ id }) => !claimed.has(id))
    .map((moment) => ({ ...moment, name: `${moment.prize}/${moment.id}` }))
    .sort((a, b) => a.at - b.at || (a.name < b.name ? -1 : 1));

  /** The unit of a prize that would go now. @param {Prize | undefined} prize @param {number} now @returns {Unit | undefined} */
  function unitOf(prize, now) {
    const its = prize && pools.get(prize.id);
    if (!its) return undefined;
    const today = releasedOf(prize.daily_quota, prize.release, now);
    const unit = its.all.next(prize.total_quota);
    const dayUnit = its.day.next(today);
    if (unit === undefined || dayUnit === undefined) return undefined;
    return { prize, unit, dayUnit };
  }

  return {
    version,
    prizes,
    rules,
    pools,
    unitOf,
    /** those open, in their order; undefined: not known yet */
    moments,
    byId: new Map(prizes.map((prize) => [prize.id, prize])),
    fallback: prizes.find(({ fallback }) => fallback),
    beacon: /** @type {"used" | "missing" | null} */ (said.beacon ?? null),
    taken: /** @type {Record<string, number>} */ (said.taken ?? {}),
    takenToday: /** @type {Record<string, number>} */ (said.taken_today ?? {}),
    claimed,
    draws: /** @type {{ ever: number, today: number }} */ (
      said.draws ?? { ever: 0, today: 0 }
    ),
  };
}

/** What the rules give to a roll at a moment. @param {Table} table @param {number} roll @param {number} now */
export function giveFor(table, roll, now) {
  for (const moment of table.moments ?? []) {
    if (moment.at > now) break;
    const prize = table.byId.get(moment.prize);
    const unit = prize?.moments ? table.unitOf(prize, now) : undefined;
    if (unit) return { ...unit, how: "moment", moment };
  }
  return giveByOdds(table, roll, now);
}

/** The same without moments. @param {Table} table @param {number} roll @param {number} now */
export function giveByOdds(table, roll, now) {
  const met = table.prizes.find(({ odds_to }) => roll < odds_to);
  const unit = table.unitOf(met, now);
  if (unit) return { ...unit, how: "" };
  const instead = table.unitOf(table.fallback, now);
  return instead && { ...instead, how: "fallback" };
}

/** What a due moment of the outcome's prize gives, whosever it is. @param {Table} table @param {string} outcome @param {number} now */
export function giveByMoment(table, outcome, now) {
  const [id] = outcome.split(":");
  const moment = table.moments?.find((it) => it.prize === id && it.at <= now);
  const prize = moment && table.byId.get(moment.prize);
  const unit = prize?.moments ? table.unitOf(prize, now) : undefined;
  return unit && { ...unit, how: "moment" };
}
