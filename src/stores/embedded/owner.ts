import { createHash, randomUUID } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SetupError } from "../../errors.js";
import { birthOf } from "./find.js";

/**
 * Makes this process the one owner of an open folder: two servers on one folder would stop each other's stores. Answers
 * with what gives it back. Rejects with a sentence that calls the folder `name` where a living process has it.
 */
export async function own(
  folder: string,
  name: string,
): Promise<() => Promise<void>> {
  const path = join(folder, "owner");
  const [pid, birth, id] = [process.pid, birthOf(process.pid), randomUUID()];
  const mine = `${pid}\n${birth}\n${id}\n`;
  const draft = join(folder, `draft.${id}`);
  for (;;) {
    // A link appears whole or not at all, and to one of those who make it at once.
    await writeFile(draft, mine, { mode: 0o600 });
    if (await take(folder, path, draft, name)) break;
  }
  // Who followed these finds another owner than the one they began with.
  for (const entry of readdirSync(folder)) {
    if (/^(owner|draft)\./.test(entry)) await rm(join(folder, entry), FORCE);
  }
  return async () => {
    if ((await read(path)) === mine) await rm(path, FORCE);
  };
}

const FORCE = { force: true };

/**
 * Takes a folder whose owner is gone. The heir of an owner is a file named after it, which one process alone can make;
 * where that one is gone, too, its heir is looked for, and so on. False where others were quicker.
 */
async function take(
  folder: string,
  path: string,
  draft: string,
  name: string,
): Promise<boolean> {
  const first = await read(path);
  if (first === undefined) return made(draft, path);
  let heir = path;
  for (let holder: string | undefined = first; ; holder = await read(heir)) {
    if (holder === undefined) return false;
    if (lives(holder, folder)) {
      await rm(draft, FORCE);
      throw new SetupError(
        `${name} is in use by process ${holder.split("\n")[0]}: stop that one first, or set DATABASE_URL and REDIS_URL.`,
      );
    }
    const key = createHash("sha256").update(holder).digest("hex").slice(0, 16);
    heir = join(folder, `owner.${key}`);
    if (await made(draft, heir)) break;
  }
  // Cleaned away by an owner who has come since.
  if ((await read(path)) !== first) {
    await rm(heir, FORCE);
    return false;
  }
  await rename(draft, path);
  return true;
}

/** Whether the process that wrote this into a folder lives. */
function lives(holder: string, folder: string): boolean {
  const [pid = "", birth, id] = holder.split("\n");
  if (id) return birthOf(Number(pid)) === birth;
  // From a revision that wrote its number alone, which may belong to anything by now: it kept this in its `.data`.
  try {
    const theirs = statSync(`/proc/${Number(pid)}/cwd/.data`);
    const ours = statSync(folder);
    const command = readFileSync(`/proc/${Number(pid)}/comm`, "utf8");
    const isThere = theirs.ino === ours.ino && theirs.dev === ours.dev;
    return isThere && /node|MainThread/.test(command);
  } catch {
    return false;
  }
}

/** The process that has an open folder; undefined where none does. */
export async function ownerOf(folder: string): Promise<number | undefined> {
  const holder = await read(join(folder, "owner"));
  return holder && lives(holder, folder)
    ? Number.parseInt(holder, 10)
    : undefined;
}

const read = (path: string) => readFile(path, "utf8").catch(() => undefined);

const made = (draft: string, path: string) =>
  link(draft, path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST" || error.code === "ENOENT") return false;
      throw error;
    },
  );
