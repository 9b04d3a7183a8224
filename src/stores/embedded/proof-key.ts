import { randomBytes } from "node:crypto";
import { chmod, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { SetupError } from "../../errors.js";
import { replaceFile, shown } from "./folder.js";

/** PROOF_KEY of the embedded pair that is kept in an open folder, or undefined where there is none yet. */
export async function readProofKey(
  folder: string,
): Promise<string | undefined> {
  const path = join(folder, "proof-key");
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const key = text.trim();
  if (/^[\da-f]{64}$/.test(key)) return key;
  throw new SetupError(
    `${shown(path)} must have 64 hex digits, which sign what was drawn: bring back a copy of it, or set PROOF_KEY.`,
  );
}

/** The same, made where there is none: whole, and on the disk before anything is signed with it. */
export async function keepProofKey(folder: string): Promise<string> {
  const known = await readProofKey(folder);
  if (known !== undefined) {
    await chmod(join(folder, "proof-key"), 0o600); // a copy brought back may stand open
    return known;
  }
  const key = randomBytes(32).toString("hex");
  const draft = join(folder, "draft.proof-key");
  await replaceFile(draft, `${key}\n`);
  await sync(draft);
  await rename(draft, join(folder, "proof-key"));
  await sync(folder);
  return key;
}

async function sync(path: string): Promise<void> {
  const file = await open(path, "r");
  await file.sync();
  await file.close();
}
