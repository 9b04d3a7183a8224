import { base64, unhex, utf8 } from "../hashes/bytes.js";
import { leafOf, rootBy } from "../hashes/tree.js";
import { readNote } from "./files.js";
import { readKeys } from "./keys.js";
import { checkLogged } from "./logged.js";
import { checkSeal, NO_SIGNATURES } from "./notes.js";
import { parseBatch } from "./parse-receipt.js";
import { createSteps } from "./steps.js";

/**
 * @typedef {import("./parse-receipt.js").Receipt} Receipt
 * @typedef {{ campaign: string, day: string, shard: number, seq: number, p: string, outcome: string, at: number }} Told
 */

const STEPS = ["key", "signature", "path", "seal", "logged", "included"];

/**
 * Checks a receipt, by itself and against what the server publishes. Rejects with Unreadable.
 *
 * @param {Receipt} receipt
 * @param {{ base: string, pinned?: string | undefined }} from
 * @param {(step: import("./steps.js").Step) => void} tell
 * @returns {Promise<Told & { isRight: boolean, isDone: boolean }>}
 */
export async function checkReceipt(receipt, from, tell) {
  const { campaign, day, shard, first, count, root } = parseBatch(receipt.note);
  const steps = createSteps(STEPS, tell);
  const where = { ...from, campaign, day };
  const { day: keys, seal: sealKeys } = await readKeys(where, steps);
  const file = "The receipt";
  const note = await readNote(
    { text: receipt.note, file, keys, step: "signature" },
    steps,
  );
  steps.set(
    "signature",
    note?.isSigned ? "held" : "unknown",
    note?.isSigned ? "" : NO_SIGNATURES,
  );

  const [seqText, atText, kind, p = "", , , outcome = ""] =
    receipt.line.split("\t");
  const seq = Number(seqText);
  const at = Number(atText);
  const isPath = root === pathRoot(receipt, count);
  if (!isPath)
    steps.wrong(
      "path",
      "The line does not lead to what was signed: it was changed.",
    );
  else if (seq !== first + receipt.index || kind !== "D") {
    steps.wrong("path", `The line's number must be ${first + receipt.index}.`);
  } else steps.set("path", "held", "");

  const seal = await checkSeal(where, sealKeys, steps);
  if (seal && at < seal.sealed_at)
    steps.wrong("seal", "It was drawn before the seal.");

  await checkLogged({ where, shard, seq, line: receipt.line, keys }, steps);
  const isRight = steps.all().every(({ state }) => state !== "wrong");
  const isDone = steps.all().every(({ state }) => state !== "later");
  return { campaign, day, shard, seq, p, outcome, at, isRight, isDone };
}

/** @param {Receipt} receipt @param {number} count */
function pathRoot({ line, index, path }, count) {
  try {
    const root = rootBy({
      leaf: leafOf(utf8(line)),
      index,
      size: count,
      path: path.map(unhex),
    });
    return root && base64(root);
  } catch {
    return undefined;
  }
}
