/**
 * @typedef {import("typebox").Static<typeof import("../http/schemas/prizes.js").PrizesAnswer>["data"]["prizes"][number]} Prize
 * @typedef {{ id: string | null, title: string, odds: number, soldOut: boolean, colour: string, prize?: Prize }} Outcome
 *   what a draw can end with; the id of "no prize" is null
 * @typedef {{ outcome: Outcome, weight: number }} Sector
 */

const GREY = "#6b7280";
const FADED = "#a8adb7";

/** A larger sector is cut into pieces of at most this share, so that the wheel looks like one. */
const PIECE = 1 / 6;

/** @param {Prize} prize */
const isSoldOut = ({ left_today, left_total }) =>
  left_today === 0 || left_total === 0;

/** The prize that whoever would get none gets, while it lasts. @param {Prize[]} prizes */
export const insteadOf = (prizes) =>
  prizes.find((prize) => prize.fallback && !isSoldOut(prize));

/** All outcomes with their published odds. @param {Prize[]} prizes */
export function outcomesOf(prizes) {
  const colours = palette(prizes.length);
  const list = prizes.map((prize, n) => {
    const soldOut = isSoldOut(prize);
    const { id, title, probability: odds } = prize;
    const own = soldOut ? FADED : (colours[n] ?? GREY);
    return { id, title, odds, soldOut, colour: own, prize };
  });
  const rest = 1 - list.reduce((sum, { odds }) => sum + odds, 0);
  // Sums of decimal fractions are off by a little.
  const odds = Math.max(0, Math.round(rest * 1e9) / 1e9);
  // While it lasts, the fallback has what would be no prize.
  const fallback = insteadOf(prizes);
  const instead = list.find(({ prize }) => prize === fallback);
  if (instead) instead.odds += odds;
  const none = {
    id: null,
    title: "No prize",
    odds: instead ? 0 : odds,
    soldOut: false,
    colour: GREY,
  };
  const otherwise = (instead ?? none).id; // where the chance of what is sold out goes
  const isAnySoldOut = list.some(({ soldOut }) => soldOut);
  /** @type {Outcome[]} */
  const all = [...list, none];
  return all.filter(
    ({ id, odds }) => odds > 0 || (id === otherwise && isAnySoldOut),
  );
}

/**
 * The wheel's sectors in their order, in proportion to the odds, where "no prize" has at least a line, or all alike.
 *
 * @param {Outcome[]} outcomes
 * @param {boolean} evenly
 * @returns {Sector[]}
 */
export function sectorsOf(outcomes, evenly) {
  if (evenly) return outcomes.map((outcome) => ({ outcome, weight: 1 }));
  const pieces = outcomes.flatMap((outcome) => {
    const weight = Math.max(outcome.odds, 0.004);
    const count = Math.ceil(weight / PIECE);
    return Array.from({ length: count }, (_, n) => ({
      outcome,
      weight: weight / count,
      place: (n + 0.5) / count,
    }));
  });
  return pieces.sort((one, other) => one.place - other.place);
}

/** The page's colour and others around the circle from it, dark enough for white letters. @param {number} count */
export function palette(count) {
  const style = getComputedStyle(document.documentElement);
  const colour = style.getPropertyValue("--colour").trim();
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) =>
    Number.parseInt(colour.slice(at, at + 2), 16),
  );
  const hue =
    (Math.atan2(Math.sqrt(3) * (g - b), 2 * r - g - b) * 180) / Math.PI;
  const step = 360 / Math.max(count, 5);
  return Array.from({ length: count }, (_, n) =>
    n === 0 ? colour : `hsl(${Math.round(hue + n * 2 * step) % 360} 60% 38%)`,
  );
}
