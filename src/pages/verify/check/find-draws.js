import { createPeople } from "../rules/people.js";
import { createShard } from "../rules/shard.js";

/**
 * @typedef {import("../rules/explain.js").Explained} Explained
 * @typedef {{ state: import("../rules/shard.js").State, pieces: string[] }} Log  what was read of a shard
 */

/**
 * The draws of whoever is this p, as they were decided: all is replayed once more, without the hashes, which take most of the time.
 *
 * @param {string} p
 * @param {{ seal: import("../rules/shard.js").Seal, moments: Map<string, import("../rules/table.js").Moment[]> | undefined, logs: Log[] }} day
 */
export function findDraws(p, { seal, moments, logs }) {
  /** @type {Explained[]} */
  const draws = [];
  const quiet = () => {};
  const shared = {
    seal,
    people: createPeople(quiet),
    momentsOf: (/** @type {string} */ hash) => moments?.get(hash),
    wrong: quiet,
    watch: { p, found: (/** @type {Explained} */ draw) => draws.push(draw) },
  };
  for (const { pieces } of logs) {
    const { take } = createShard(shared);
    for (const piece of pieces) piece.split("\n").forEach(take);
  }
  return draws;
}
