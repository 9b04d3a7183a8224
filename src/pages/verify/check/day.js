import { base64url } from "../hashes/bytes.js";
import { createPeople } from "../rules/people.js";
import { createShard } from "../rules/shard.js";
import { readCheckpoints } from "./checkpoints.js";
import { findDraws } from "./find-draws.js";
import { openDay } from "./open-day.js";
import { readLog } from "./read-log.js";
import { createSteps } from "./steps.js";
import { tellLog } from "./tell.js";

/**
 * @typedef {import("./files.js").Where} Where
 * @typedef {import("../rules/explain.js").Explained} Explained
 * @typedef {{
 *   campaign: string, day: string, draws: number, wins: Record<string, number>, isClosed: boolean, names: "sealed" | "open"
 * }} Report
 * @typedef {{ report: Report, find: (p: string) => Explained[], pOf: (name: string) => string | undefined }} Checked
 *   `find`: the draws of whoever is this p, as they were decided
 */

const STEPS = [
  "key",
  "seal",
  "close",
  "seed",
  "beacon",
  "log",
  "rolls",
  "once",
  "outcomes",
  "tree",
  "counts",
];

/** Between two sights of the progress, in lines. */
const BEAT = 2_000;

/**
 * Checks a whole day from its files. Rejects with Unreadable where these can't be had.
 *
 * @param {Where} where
 * @param {(step: import("./steps.js").Step) => void} tell
 * @param {(done: number, of: number) => void} progress
 * @returns {Promise<Checked | undefined>} undefined where there is no day to check
 */
export async function checkDay(where, tell, progress) {
  const steps = createSteps(STEPS, tell);
  const day = await openDay(where, steps);
  if (!day) return undefined;
  const { keys, seal, close, rollOf, moments } = day;
  const isClosed = close !== undefined;

  const all = Array.from({ length: seal.shards }, (_, shard) => shard);
  const checkpoints = await Promise.all(
    all.map((shard) => readCheckpoints(where, shard, keys, steps)),
  );
  const whole = checkpoints.reduce((sum, { largest }) => sum + largest, 0);

  /** The line that is looked at. */
  const here = { file: "", line: 0, text: "" };
  const wrong = (/** @type {string} */ step, /** @type {string} */ said) =>
    steps.wrong(step, said, { ...here });
  /** @param {string} hash */
  function momentsOf(hash) {
    const list = moments?.get(hash);
    if (moments && !list) {
      wrong("outcomes", "moments.tsv lacks the moments that this line names.");
    }
    return list;
  }
  const people = createPeople((said) => wrong("once", said));

  for (const step of ["log", "rolls", "once", "outcomes", "tree"]) {
    if (step !== "rolls" || isClosed) steps.set(step, "runs", "");
  }
  let lines = 0;
  function read() {
    lines += 1;
    if (lines % BEAT === 0) progress(lines, Math.max(whole, lines));
  }
  /** @type {import("./find-draws.js").Log[]} */
  const logs = [];
  for (const [shard, { roots, largest }] of checkpoints.entries()) {
    here.file = `log-${shard}.tsv`;
    here.line = 0;
    const { take, state } = createShard({
      seal,
      people,
      momentsOf,
      rollOf,
      wrong,
    });
    const closed = close?.trees[shard];
    const pieces = await readLog(where, {
      here,
      take,
      roots,
      largest,
      closed,
      isClosed,
      wrong,
      read,
    });
    logs.push({ state, pieces });
  }
  const states = logs.map(({ state }) => state);
  tellLog({ close, people, checkpoints, states, lines }, steps);

  const { names } = seal;
  const { campaign } = where;
  const draws = people.draws();
  const wins = people.wins();
  return {
    report: { campaign, day: where.day, draws, wins, isClosed, names },
    find: (p) => findDraws(p, { seal, moments, logs }),
    pOf: (name) => (names === "open" ? base64url(name) : undefined),
  };
}
