import { base64, unhex, utf8 } from "../hashes/bytes.js";
import { parseCheckpoint } from "../hashes/note.js";
import { leafOf, rootBy } from "../hashes/tree.js";
import { get, read, readNote, urlOf } from "./files.js";

/**
 * Whether the log has that very line, and a signed checkpoint covers it.
 *
 * @param {{ where: import("./files.js").Where, shard: number, seq: number, line: string, keys: import("../hashes/note.js").Key[] }} line
 * @param {import("./steps.js").Steps} steps
 */
export async function checkLogged({ where, shard, seq, line, keys }, steps) {
  const isClosed = (await read(where, "close.note")) !== undefined;
  const answer = await get(urlOf(where, `${shard}/${seq}`));
  if (!answer) {
    steps.set("included", "later", "");
    if (isClosed) steps.wrong("logged", GONE);
    else steps.set("logged", "later", LATER);
    return;
  }
  const { data } = await answer.json();
  if (data.line === line) steps.set("logged", "held", "");
  else steps.wrong("logged", `The log has another line there: ${data.line}`);
  const { checkpoint } = data;
  const said = { text: checkpoint, file: "The checkpoint", keys };
  const note = await readNote({ ...said, step: "included" }, steps);
  if (!note) return;
  const rest = `/${where.campaign}/${where.day}/${shard}`;
  try {
    const { origin, size, root } = parseCheckpoint(note.text);
    if (!keys.some(({ name }) => origin === name + rest)) {
      steps.wrong("included", `The checkpoint is of another log: ${origin}.`);
    } else if (rootOf(data, size) !== root) {
      steps.wrong("included", "The line does not lead to what was signed.");
    }
    const place = `It is line ${data.index + 1} of ${size} that are signed.`;
    steps.set("included", note.isSigned ? "held" : "unknown", place);
  } catch {
    steps.wrong("included", "This is no proof.");
  }
}

const GONE =
  "The log has no such line: it was taken out, or lost, which the log must declare (the check of the whole day tells). Keep the receipt: it proves that this draw took place.";

const LATER =
  "The log does not have it yet. It must within some seconds: please check again.";

/** @param {{ line: string, index: number, path: string[] }} proof @param {number} size */
function rootOf({ line, index, path }, size) {
  const leaf = leafOf(utf8(line));
  const root = rootBy({ leaf, index, size, path: path.map(unhex) });
  return root && base64(root);
}
