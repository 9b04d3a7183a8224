import {
  cp,
  mkdtemp,
  readFile,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { home } from "../support/temporary-folder.js";
import type { Mutant } from "./mutant.js";

const project = fileURLToPath(new URL("../..", import.meta.url));

/** What a test reads of the project. */
const PARTS = [
  ...[
    "src",
    "lua",
    "sql",
    "test",
    "bench",
    "dist",
    "README.md",
    ".env.example",
  ],
  ...["package.json", "tsconfig.json", "docker-compose.yml", "Dockerfile"],
];

export type Copy = { folder: string; remove(): Promise<void> };

/** The text of the file with the mistake. Throws where the place is not there, or not the only one. */
export async function mutated({ name, file, find, replace }: Mutant) {
  const text = await readFile(join(project, file), "utf8");
  const parts = text.split(find);
  if (parts.length !== 2) {
    const times = parts.length - 1;
    throw new Error(`${name}: stands ${times} times in ${file}: ${find}`);
  }
  return parts.join(replace);
}

/** A copy of the built project, with the mistake in its source and in dist, or without one. */
export async function copyProject(mutant?: Mutant): Promise<Copy> {
  const folder = await mkdtemp(join(home(), "mutant-"));
  for (const part of PARTS) {
    await cp(join(project, part), join(folder, part), { recursive: true });
  }
  await symlink(join(project, "node_modules"), join(folder, "node_modules"));
  if (mutant) await spoil(folder, mutant);
  const remove = () => rm(folder, { recursive: true, force: true });
  return { folder, remove };
}

async function spoil(folder: string, mutant: Mutant): Promise<void> {
  const text = await mutated(mutant);
  await writeFile(join(folder, mutant.file), text);
  const [, module] = /^src\/(?!pages\/)(.+)\.ts$/.exec(mutant.file) ?? [];
  if (!module) return;
  const { outputText } = ts.transpileModule(text, {
    fileName: mutant.file,
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
  });
  await writeFile(join(folder, "dist", `${module}.js`), outputText);
}
