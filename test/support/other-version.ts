import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { home } from "./temporary-folder.js";

const project = fileURLToPath(new URL("../..", import.meta.url));

/** The SHA by which Redis knows the project's draw.lua. */
export const shaOfDraw = async (folder = project) =>
  createHash("sha1")
    .update(await readFile(join(folder, "lua/draw.lua")))
    .digest("hex");

/** A copy of the built program with another draw.lua of the same contract: a variable has another name. */
export async function otherVersion(): Promise<string> {
  const folder = await mkdtemp(join(home(), "version-"));
  for (const part of ["dist", "lua", "sql", "src/pages", "package.json"]) {
    await cp(join(project, part), join(folder, part), { recursive: true });
  }
  await symlink(join(project, "node_modules"), join(folder, "node_modules"));
  const script = join(folder, "lua/draw.lua");
  const text = await readFile(script, "utf8");
  await writeFile(script, text.replace(/\bletters\b/g, "outcomes"));
  return folder;
}
