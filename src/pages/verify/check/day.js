import { base64, base64url } from "./bytes.js";
import {
  get,
  read,
  readCheckpoints,
  readKeys,
  readMoments,
  urlOf,
} from "./files.js";
import { readLines } from "./lines.js";
import { createPeople } from "./people.js";
import { createRolls, dayKeyOf, randomnessOf, seedHashOf } from "./roll.js";
import { createShard } from "./shard.js";
import { createSteps } from "./steps.js";
import { checkClose, checkSeal, tellBeacon, tellLog } from "./tell.js";
import { createTree, leafOf } from "./tree.js";

/**
 * @typedef {import("./files.js").Where} Where
 * @typedef {import("./shard.js").Seal} Seal
 * @typedef {{
 *   campaign: string, day: string, seed: string, beacon_signature: string | null, draws: number, wins: Record<string, number>,
 *   trees: { size: number, root: string }[]
 * }} Close
 * @typedef {{
 *   campaign: string, day: string, draws: number, wins: Record<string, number>, lines: number, isClosed: boolean, isRight: boolean,
 *   names: "sealed" | "open"
 * }} Report
 * @typedef {{ report: Report, find: (p: string) => import("./explain.js").Explained[], pOf: (name: string) => string | undefined }} Checked
 */

export const DAY_STEPS = [
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

/**
 * Checks a whole day from its files. Rejects with Unreadable where these can't be had.
 *
 * @param {Where} where
 * @param {(step: import("./steps.js").Step) => void} tell
 * @param {(done: number, of: number) => void} progress
 * @returns {Promise<Checked | undefined>} undefined where there is no day to check
 */
export async function checkDay(where, tell, progress) {
  const steps = createSteps(DAY_STEPS, tell);
  const keys = await readKeys(where, steps);
  const seal = await checkSeal(
    where,
    await read(where, "seal.note"),
    keys,
    steps,
  );
  if (!seal) return undefined;
  const close = await checkClose(
    where,
    await read(where, "close.note"),
    keys,
    steps,
  );
  const rollOf = close && createRollOf(seal, close);
  if (close) {
    const isRight = seedHashOf(close.seed) === seal.seed_hash;
    if (isRight)
      steps.set("seed", "held", "It has the hash that the seal names.");
    else steps.wrong("seed", "It is not the secret whose hash was sealed.");
  }
  tellBeacon(seal, close, steps);
  const moments = close ? await readMoments(where) : undefined;

  const all = Array.from({ length: seal.shards }, (_, shard) => shard);
  /** @type {Awaited<ReturnType<typeof readCheckpoints>>[]} */
  const checkpoints = [];
  for (const shard of all) {
    checkpoints.push(await readCheckpoints(where, shard, keys, steps));
  }
  const sizes = all.map(
    (n) => close?.trees[n]?.size ?? checkpoints[n]?.largest ?? 0,
  );
  const whole = sizes.reduce((sum, size) => sum + Math.max(0, size), 0);

  /** The line that is looked at. @type {import("./steps.js").Where} */
  const here = { file: "", line: 0, text: "" };
  const wrong = (/** @type {string} */ step, /** @type {string} */ said) =>
    steps.wrong(step, said, { ...here });
  const people = createPeople(
    (said) => wrong("once", said),
    (said) => wrong("outcomes", said),
  );
  /** @param {string} hash */
  function momentsOf(hash) {
    const set = moments?.get(hash);
    if (moments && !set)
      wrong("outcomes", "moments.tsv lacks the moments that this line names.");
    return set;
  }

  /** @type {string[][]} what was read of each shard, in pieces of many lines */
  const kept = [];
  const shards = [];
  let lines = 0;
  for (const shard of all) {
    here.file = `log-${shard}.tsv`;
    here.line = 0;
    for (const step of ["log", "rolls", "once", "outcomes", "tree"]) {
      if (step !== "rolls" || close) steps.set(step, "runs", "");
    }
    const replay = createShard({ seal, people, momentsOf, rollOf, wrong });
    const tree = createTree();
    const { roots = new Map() } = checkpoints[shard] ?? {};
    /** @param {number} size */
    function compare(size) {
      const root = roots.get(size);
      if (root !== undefined && root !== base64(tree.root())) {
        wrong("tree", `The checkpoint of ${size} lines has another root.`);
      }
    }
    compare(0);
    const answer = await get(urlOf(where, here.file));
    if (!answer) steps.wrong("log", `There is no ${here.file}.`);
    /** @type {string[]} */
    const pieces = [];
    kept.push(pieces);
    const end =
      answer &&
      (await readLines(
        answer,
        (bytes, text) => {
          here.line += 1;
          here.text = text;
          lines += 1;
          tree.add(leafOf(bytes));
          replay.take(text);
          compare(tree.size());
          if (lines % 2_000 === 0) progress(lines, Math.max(whole, lines));
        },
        (piece) => pieces.push(piece),
      ));
    if (end) wrong("log", end);
    here.text = "";
    const size = tree.size();
    if ((checkpoints[shard]?.largest ?? 0) > size) {
      wrong(
        "tree",
        `A checkpoint has more lines than the log's ${size}: some are gone.`,
      );
    }
    const closed = close?.trees[shard];
    if (
      close &&
      (closed?.size !== size || closed.root !== base64(tree.root()))
    ) {
      wrong(
        "tree",
        `The log has ${size} lines and another root than close.note says (${closed?.size} lines).`,
      );
    }
    shards.push({ replay, size });
  }
  progress(1, 1);
  steps.retell();
  const wins = people.wins();
  tellLog({ close, people, checkpoints, shards, lines, wins }, steps);

  /** @param {string} p */
  function find(p) {
    /** @type {import("./explain.js").Explained[]} */
    const draws = [];
    const quiet = () => {};
    const again = createPeople(quiet, quiet);
    for (const pieces of kept) {
      const replay = createShard({
        seal: /** @type {Seal} */ (seal),
        people: again,
        momentsOf: (hash) => moments?.get(hash),
        wrong: quiet,
        watch: { p, found: (draw) => draws.push(draw) },
      });
      for (const piece of pieces) {
        for (const line of piece.split("\n")) replay.take(line);
      }
    }
    return draws;
  }

  const isRight = steps.all().every(({ state }) => state !== "wrong");
  const { campaign, day } = where;
  const draws = people.draws();
  const isClosed = close !== undefined;
  const report = {
    campaign,
    day,
    draws,
    wins,
    lines,
    isClosed,
    isRight,
    names: seal.names,
  };
  const pOf = (/** @type {string} */ name) =>
    seal.names === "open" ? base64url(name) : undefined;
  return { report, find, pOf };
}

/** @param {Seal} seal @param {Close} close */
function createRollOf(seal, { seed, beacon_signature }) {
  const { campaign, day } = seal;
  const with_ = (/** @type {string} */ randomness) =>
    createRolls(dayKeyOf({ seed, campaign, day, randomness }));
  const alone = with_("");
  const used =
    seal.beacon && beacon_signature
      ? with_(randomnessOf(beacon_signature))
      : alone;
  return (
    /** @type {string | null} */ beacon,
    /** @type {string} */ p,
    /** @type {string} */ no,
  ) => (beacon === "used" ? used(p, no) : alone(p, no));
}
