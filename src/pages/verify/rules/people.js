/**
 * What a day's draws say of its people and units, over all shards: who drew, who won how often, which units went.
 *
 * @typedef {{ fate: "lost" | "won" | "void", gaps: number, wins: number }} Drawn  of a draw: `gaps`: of its log until then;
 *   `wins`: that stand
 * @typedef {ReturnType<typeof createPeople>} People
 */

/** @param {(sentence: string) => void} drewTwice  is told of a draw that must not be */
export function createPeople(drewTwice) {
  /** @type {Map<string, Drawn>} by p and number of the draw */
  const draws = new Map();
  /** @type {Map<string, number>} */
  const wins = new Map();
  /** @type {Map<string, number>} */
  const byPrize = new Map();
  /** @type {Map<string, number>} how often a unit went, and did not come back */
  const units = new Map();
  /** @type {Map<string, number>} */
  const limits = new Map();
  let count = 0;

  /** @param {Map<string, number>} map @param {string} key @param {number} more */
  const add = (map, key, more) => map.set(key, (map.get(key) ?? 0) + more);

  /** @param {string} p @param {string} outcome @param {1 | -1} more */
  function countWin(p, outcome, more) {
    const [prize = "", unit, dayUnit] = outcome.split(":");
    add(wins, p, more);
    add(byPrize, prize, more);
    add(units, `${prize}, unit ${unit}`, more);
    add(units, `${prize}, unit ${dayUnit} of the day`, more);
  }

  /** @param {string} key @param {Drawn["fate"]} fate @param {number} gaps @param {number} more wins */
  function note(key, fate, gaps, more) {
    const before = draws.get(key)?.wins ?? 0;
    draws.set(key, { fate, gaps, wins: before + more });
  }

  return {
    /** Whether it decides again what had come to nothing. @param {string} p @param {string} no @param {string} outcome @param {number} gaps */
    draw(p, no, outcome, gaps) {
      const key = `${p}\t${no}`;
      const before = draws.get(key);
      const isAgain = before?.fate === "void";
      // What Redis lost is drawn again, by the same roll; of two wins one comes to nothing, which `twice` tells.
      if (before && !isAgain && before.gaps === gaps) {
        drewTwice(`This person's draw number ${no} was decided before.`);
      }
      const isWon = outcome !== "-";
      note(key, isWon ? "won" : "lost", gaps, isWon ? 1 : 0);
      count += 1;
      if (isWon) countWin(p, outcome, 1);
      return isAgain;
    },
    /** A win whose line was lost. @param {string} p @param {string} no @param {string} outcome @param {number} gaps */
    restore(p, no, outcome, gaps) {
      note(`${p}\t${no}`, "won", gaps, 1);
      countWin(p, outcome, 1);
    },
    /** @param {string} p @param {string} no @param {string} outcome @param {boolean} isDraw  or a restored win @param {number} gaps */
    void(p, no, outcome, isDraw, gaps) {
      note(`${p}\t${no}`, "void", gaps, -1);
      if (isDraw) count -= 1;
      countWin(p, outcome, -1);
    },
    /** Draws of which two wins stand at the end. */
    twice: () => [...draws.values()].filter(({ wins }) => wins > 1).length,
    /** Units that two people have at the end: which of several logs came first only then does not matter. */
    doubled: () =>
      [...units].filter(([, count]) => count > 1).map(([name]) => name),
    /** A person who may have so many wins at the end. @param {string} p @param {number} most */
    limit(p, most) {
      limits.set(p, most);
    },
    /** People who have more at the end. */
    beyond: () =>
      [...limits].filter(([p, most]) => (wins.get(p) ?? 0) > most).length,
    /** @param {string} p */
    winsOf: (p) => wins.get(p) ?? 0,
    draws: () => count,
    wins: () =>
      Object.fromEntries([...byPrize].filter(([, number]) => number > 0)),
  };
}
