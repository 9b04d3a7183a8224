import { access, constants, open, readFile, rm } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import createSql from "postgres";
import { SetupError } from "../../errors.js";
import { postgresAddress } from "../socket-url.js";
import { makeCluster, postgresPrograms } from "./cluster.js";
import { birthOf } from "./find.js";
import { NOBODY, openFolder, replaceFile, shown } from "./folder.js";
import { endOrphans } from "./orphans.js";
import { becomes, HERE, launch } from "./process.js";
import type { Address } from "./redis.js";
import { storesUser } from "./user.js";

/** A PostgreSQL of this process's own. */
export type EmbeddedPostgres = {
  /** `postgres:///database?host=/folder`, or with a host and a password where it has an address. */
  url: string;
  stop(): Promise<void>;
};

/** Names the file of the socket; nothing listens on this port. */
const PORT = 5432;

/** The URL of a PostgreSQL that runs in a folder. */
export const postgresUrl = (folder: string, port = PORT) =>
  `postgres:///postgres?host=${encodeURIComponent(folder)}&port=${port}&user=postgres`;

/**
 * Starts a PostgreSQL that keeps its data in `folder`, which nobody else may enter, and listens on a socket in it, for
 * this user alone; given an address, there too. What an earlier process left running in the folder is stopped first.
 */
export async function startPostgres(
  folder: string,
  say: (line: string) => void,
  address?: Address,
): Promise<EmbeddedPostgres> {
  const user = await storesUser(say);
  const { initdb, postgres } = await postgresPrograms(user);
  const owner = nameOfUser();
  if (!(await exists(join(folder, "PG_VERSION")))) {
    say("Making a PostgreSQL database cluster");
    await makeCluster(initdb, folder, user);
  }
  // An earlier revision kept a password here.
  await rm(`${folder}.password`, { force: true });
  const { path, tighten, close } = openFolder(folder, user, NOBODY);
  await endOrphans(path, ["postgres"], "SIGINT");
  await removeStale(path);
  const addresses = address ? "host all all 127.0.0.1/32 scram-sha-256" : "";
  await tighten();
  // Whoever comes through the socket is who the kernel says: no secret is kept, none is sent.
  const rules = `local all postgres peer map=owner\n${addresses}\n`;
  await replaceFile(join(path, "pg_hba.conf"), rules, user);
  const users = `owner "${owner}" postgres\nowner root postgres\n`;
  await replaceFile(join(path, "pg_ident.conf"), users, user);
  const log = await open(join(path, "postgres.log"), APPEND, 0o600);
  const port = address?.port ?? PORT;
  const { child, exited } = launch(postgres, options(port, address), {
    folder: path,
    user,
    log: log.fd,
  });
  await log.close();
  const stop = async () => {
    child.kill("SIGINT"); // its fast shutdown
    await exited;
    close();
  };
  if (!(await isReady(path, child.pid ?? 0, exited))) {
    const told = shown(join(path, "postgres.log"));
    close();
    throw new SetupError(`PostgreSQL did not start: see ${told}`);
  }
  const url = postgresUrl(path, port);
  if (!address) return { url, stop };
  await setPassword(url, address.password);
  const { password } = address;
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    stop,
  };
}

const options = (port: number, address?: Address) => [
  ...["-D", HERE, "-p", String(port)],
  ...["-c", `listen_addresses=${address ? "127.0.0.1" : ""}`],
  ...["-c", "unix_socket_directories=."],
  ...["-c", "unix_socket_permissions=0700"],
  // No rows of the data in the log: a violated rule's DETAIL would show them.
  ...["-c", "log_error_verbosity=terse"],
];

/** PostgreSQL takes these for a server that runs, where their process's number has become another's. */
async function removeStale(folder: string): Promise<void> {
  const socket = `.s.PGSQL.${PORT}`;
  for (const name of ["postmaster.pid", `${socket}.lock`]) {
    const path = join(folder, name);
    const pid = Number((await read(path)).split("\n")[0]);
    if (pid && birthOf(pid)) await rm(path);
  }
}

/** Waits until PostgreSQL serves: the eighth line of its file says so. False where it has ended instead. */
async function isReady(
  folder: string,
  pid: number,
  exited: Promise<void>,
): Promise<boolean> {
  return becomes(exited, async () => {
    const lines = (await read(join(folder, "postmaster.pid"))).split("\n");
    return lines[0] === String(pid) && lines[7]?.trim() === "ready";
  });
}

async function setPassword(url: string, password: string): Promise<void> {
  const [address, socket] = postgresAddress(url);
  const sql = createSql(address, { ...socket, max: 1 });
  await sql.unsafe(`alter role postgres password '${password}'`);
  await sql.end();
}

/** Who PostgreSQL will see at its socket. */
function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    throw new SetupError(
      `PostgreSQL needs a name of its user, and the user with the number ${process.getuid?.()} has none in /etc/passwd: start as another user, or set DATABASE_URL and REDIS_URL.`,
    );
  }
}

const read = (path: string) => readFile(path, "utf8").catch(() => "");

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
const APPEND = O_APPEND | O_CREAT | O_NOFOLLOW | O_WRONLY;

const exists = (path: string) =>
  access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
