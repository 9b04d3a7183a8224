import {
  createRolls,
  dayKeyOf,
  randomnessOf,
  seedHashOf,
} from "../hashes/roll.js";
import { readMoments } from "./files.js";
import { readKeys } from "./keys.js";
import { checkClose, checkSeal } from "./notes.js";

/**
 * @typedef {import("./files.js").Where} Where
 * @typedef {import("./steps.js").Steps} Steps
 * @typedef {import("../rules/shard.js").Seal} Seal
 * @typedef {import("./notes.js").Close} Close
 */

/**
 * What a day was sealed with and, where it is closed, its secret: the steps before the log. Returns undefined where there is no seal.
 *
 * @param {Where} where @param {Steps} steps
 */
export async function openDay(where, steps) {
  const keys = await readKeys(where, steps);
  const seal = await checkSeal(where, keys.seal, steps);
  if (!seal) return undefined;
  const close = await checkClose(where, keys.day, steps);
  if (close && seedHashOf(close.seed) === seal.seed_hash) {
    steps.set("seed", "held", "It has the hash that the seal names.");
  } else if (close) {
    steps.wrong("seed", "It is not the secret whose hash was sealed.");
  }
  if (close && !seal.beacon && close.beacon_signature !== null) {
    steps.wrong("beacon", "The close has a beacon, and the seal names none.");
  }
  tellBeacon(seal, close, steps);
  return {
    keys: keys.day,
    seal,
    close,
    rollOf: close && createRollOf(seal, close),
    moments: close && (await readMoments(where)),
  };
}

/** @param {Seal} seal @param {Close | undefined} close @param {Steps} steps */
function tellBeacon({ beacon }, close, steps) {
  if (!beacon) {
    steps.set(
      "beacon",
      "unknown",
      "The seal names no public beacon: the secret was the operator's own choice. It was fixed before the day, but nobody can show that it was picked blindly.",
    );
  } else if (!close) {
    steps.set("beacon", "later", "The day is not closed yet.");
  } else {
    const said = close.beacon_signature
      ? `The rolls depend on round ${beacon.round} of the public beacon that the seal names. That the round is genuine can't be computed by a browser: npm run verify does.`
      : `The seal names round ${beacon.round} of a public beacon, and the day went on without it.`;
    steps.set("beacon", "unknown", said);
  }
}

/** @param {Seal} seal @param {Close} close */
function createRollOf(seal, { seed, beacon_signature }) {
  const { campaign, day } = seal;
  const rollsBy = (/** @type {string} */ randomness) =>
    createRolls(dayKeyOf({ seed, campaign, day, randomness }));
  const alone = rollsBy("");
  const used = beacon_signature
    ? rollsBy(randomnessOf(beacon_signature))
    : alone;
  return (
    /** @type {string | null} */ beacon,
    /** @type {string} */ p,
    /** @type {string} */ no,
  ) => (beacon === "used" ? used : alone)(p, no);
}
