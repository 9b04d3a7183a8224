import { base64, unhex, utf8 } from "./bytes.js";
import { get, read, readKeys, readNote, Unreadable, urlOf } from "./files.js";
import { parseCheckpoint, parseNote } from "./note.js";
import { createSteps } from "./steps.js";
import { checkSeal } from "./tell.js";
import { leafOf, rootBy } from "./tree.js";

/**
 * @typedef {{ line: string, index: number, path: string[], note: string }} Receipt
 * @typedef {{ campaign: string, day: string, shard: number, seq: number, p: string, outcome: string, at: number }} Told
 */

export const RECEIPT_STEPS = [
  "key",
  "signature",
  "path",
  "seal",
  "logged",
  "included",
];

/**
 * The receipt in a text: itself, or in an answer of POST /draw. Throws Unreadable.
 *
 * @param {string} text @returns {Receipt}
 */
export function parseReceipt(text) {
  /** @type {any} */
  let said;
  try {
    said = JSON.parse(text);
  } catch {
    throw new Unreadable("This is no receipt: it is not JSON.");
  }
  const { line, index, path, note } = said?.receipt ?? said ?? {};
  if (
    typeof line !== "string" ||
    typeof note !== "string" ||
    !Number.isSafeInteger(index) ||
    !Array.isArray(path)
  ) {
    throw new Unreadable(
      "This is no receipt: it needs line, index, path and note.",
    );
  }
  return { line, index, path, note };
}

/** What the note of a receipt says: of whose batch it is. Throws Unreadable. @param {string} note */
export function parseBatch(note) {
  try {
    const { text } = parseNote(note);
    const [kind, campaign, day, shard, first, count, root] = text.split("\n");
    const isOne =
      kind === "lucky-draw-receipt" &&
      /^\d{4}-\d\d-\d\d$/.test(day ?? "") &&
      [shard, first, count].every((it) => /^\d{1,15}$/.test(it ?? ""));
    if (!isOne || !campaign || !day || !root) throw new Error("");
    return {
      campaign,
      day,
      shard: Number(shard),
      first: Number(first),
      count: Number(count),
      root,
    };
  } catch {
    throw new Unreadable("This is no receipt: its note is not one of a batch.");
  }
}

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
  const steps = createSteps(RECEIPT_STEPS, tell);
  const where = { ...from, campaign, day };
  const keys = await readKeys(where, steps);
  const file = "The receipt";
  const note = await readNote(
    { text: receipt.note, file, keys, step: "signature" },
    steps,
  );
  steps.set(
    "signature",
    note?.isSigned ? "held" : "unknown",
    note?.isSigned ? "" : "This browser can't check Ed25519 signatures.",
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

  const seal = await checkSeal(
    where,
    await read(where, "seal.note"),
    keys,
    steps,
  );
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

/**
 * Whether the log has that very line, and a signed checkpoint covers it.
 *
 * @param {{ where: import("./files.js").Where, shard: number, seq: number, line: string, keys: import("./note.js").Key[] }} line
 * @param {import("./steps.js").Steps} steps
 */
async function checkLogged({ where, shard, seq, line, keys }, steps) {
  const answer = await get(urlOf(where, `${shard}/${seq}`));
  if (!answer) {
    const isClosed = (await read(where, "close.note")) !== undefined;
    if (isClosed)
      steps.wrong(
        "logged",
        "The log has no such line: this draw was dropped. Keep the receipt: it proves it.",
      );
    else
      steps.set(
        "logged",
        "later",
        "The log does not have it yet. It must within some seconds: check again.",
      );
    steps.set("included", "later", "");
    return;
  }
  const { data } = await answer.json();
  if (data.line !== line) {
    steps.wrong("logged", `The log has another line there: ${data.line}`);
  } else steps.set("logged", "held", "");
  const note = await readNote(
    { text: data.checkpoint, file: "The checkpoint", keys, step: "included" },
    steps,
  );
  if (!note) return;
  try {
    const { origin, size, root } = parseCheckpoint(note.text);
    const rest = `/${where.campaign}/${where.day}/${shard}`;
    const by = rootBy({
      leaf: leafOf(utf8(data.line)),
      index: data.index,
      size,
      path: data.path.map(unhex),
    });
    if (!keys.some(({ name }) => origin === name + rest)) {
      steps.wrong("included", `The checkpoint is of another log: ${origin}.`);
    } else if (!by || base64(by) !== root) {
      steps.wrong(
        "included",
        "The line does not lead to the checkpoint's root.",
      );
    }
    steps.set(
      "included",
      note.isSigned ? "held" : "unknown",
      `It is line ${data.index + 1} of ${size} that are signed.`,
    );
  } catch {
    steps.wrong("included", "This is no proof.");
  }
}
