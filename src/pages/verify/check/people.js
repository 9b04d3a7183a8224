/**
 * What a day's draws say of its people and units, over all shards: who drew, who won how often, which units went.
 *
 * @typedef {"lost" | "won" | "void"} Fate
 * @typedef {ReturnType<typeof createPeople>} People
 */

/** @param {(sentence: string) => void} drewTwice @param {(sentence: string) => void} wonTwice  are told of what must not be */
export function createPeople(drewTwice, wonTwice) {
  /** @type {Map<string, { fate: Fate, gaps: number }>} by p and number of the draw */
  const draws = new Map();
  /** @type {Map<string, number>} */
  const wins = new Map();
  /** @type {Map<string, number>} */
  const byPrize = new Map();
  /** @type {Set<string>} */
  const units = new Set();
  let count = 0;

  /** @param {Map<string, number>} map @param {string} key @param {number} more */
  const add = (map, key, more) => map.set(key, (map.get(key) ?? 0) + more);

  /** @param {string} outcome */
  function namesOf(outcome) {
    const [prize = "", unit, dayUnit] = outcome.split(":");
    return { prize, names: [`${prize} ${unit}`, `${prize} today ${dayUnit}`] };
  }

  /** @param {string} p @param {string} outcome @param {1 | -1} more */
  function countWin(p, outcome, more) {
    const { prize, names } = namesOf(outcome);
    add(wins, p, more);
    add(byPrize, prize, more);
    for (const name of names) {
      if (more < 0) units.delete(name);
      else if (units.has(name)) {
        wonTwice(`This unit was given before: ${outcome}.`);
      }
      if (more > 0) units.add(name);
    }
  }

  return {
    /** Whether it decides again what had come to nothing. @param {string} p @param {string} no @param {string} outcome @param {number} gaps */
    draw(p, no, outcome, gaps) {
      const key = `${p}\t${no}`;
      const before = draws.get(key);
      const isAgain = before?.fate === "void";
      // A loser whom Redis lost gets the same roll again.
      const isLost = before?.fate === "lost" && before.gaps < gaps;
      if (before && !isAgain && !isLost) {
        drewTwice(`This person's draw number ${no} was decided before.`);
      }
      const isWon = outcome !== "-";
      draws.set(key, { fate: isWon ? "won" : "lost", gaps });
      count += 1;
      if (isWon) countWin(p, outcome, 1);
      return isAgain;
    },
    /** A win whose line was lost. @param {string} p @param {string} no @param {string} outcome @param {number} gaps */
    restore(p, no, outcome, gaps) {
      if (draws.get(`${p}\t${no}`)?.fate === "won") {
        drewTwice(`This person's draw number ${no} has a line already.`);
      }
      draws.set(`${p}\t${no}`, { fate: "won", gaps });
      countWin(p, outcome, 1);
    },
    /** @param {string} p @param {string} no @param {string} outcome @param {boolean} isDraw  or a restored win @param {number} gaps */
    void(p, no, outcome, isDraw, gaps) {
      draws.set(`${p}\t${no}`, { fate: "void", gaps });
      if (isDraw) count -= 1;
      countWin(p, outcome, -1);
    },
    /** @param {string} p */
    winsOf: (p) => wins.get(p) ?? 0,
    draws: () => count,
    wins: () =>
      Object.fromEntries([...byPrize].filter(([, number]) => number > 0)),
  };
}
