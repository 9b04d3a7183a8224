import { execFile } from "node:child_process";
import { appendFile, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import createSql, { type Sql } from "postgres";
import type { Test } from "tap";
import { postgresPrograms } from "../../src/stores/embedded/cluster.js";
import { startPostgres } from "../../src/stores/embedded/postgres.js";
import { HERE, launch } from "../../src/stores/embedded/process.js";
import { freeAddress } from "../../src/stores/embedded/redis.js";
import { storesUser } from "../../src/stores/embedded/user.js";
import { home, processesIn } from "./temporary-folder.js";
import { until } from "./until.js";

/** One of two PostgreSQL. */
export type Node = {
  url: string;
  sql: Sql;
  /** kill -9 of all its processes, as when its machine is gone. */
  kill(): Promise<void>;
};

export type Replicated = {
  primary: Node;
  standby: Node;
  /** Makes the standby a primary. */
  promote(): Promise<void>;
  /** The old primary again, which knows nothing of what became of its standby. */
  revive(): Promise<void>;
};

/**
 * A PostgreSQL and a hot standby that streams from it, both of a test's own. A commit is answered when the standby has it.
 * They end with the test.
 */
export async function startReplicated(t: Test): Promise<Replicated> {
  const folder = await mkdtemp(join(home(), "replicated-"));
  const [ours, other] = [join(folder, "primary"), join(folder, "standby")];
  const say = (line: string) => t.comment(line);
  const address = await freeAddress();
  const first = await startPostgres(ours, say, address);
  await first.stop();
  // Stopped, a copy of the folder is what pg_basebackup makes of one that runs: the package brings no such program.
  await promisify(execFile)("cp", ["-a", ours, other]);

  const start = () => startPostgres(ours, say, address);
  const running = await start();
  await letReplicate(ours);
  const primary = nodeOf(t, running.url, ours);
  await primary.sql`select pg_reload_conf()`;
  const url = await startStandby(t, other, running.url);
  const standby = nodeOf(t, url, other);
  await synchronously(primary.sql);

  return {
    primary,
    standby,
    promote: async () => {
      await standby.sql`select pg_promote()`;
    },
    revive: async () => {
      // It waits for nobody any more, or it could not take a write.
      await writeFile(join(ours, "postgresql.auto.conf"), "");
      await start();
    },
  };
}

/** A database's own rule for who may stream from it: `all` in pg_hba.conf does not mean that. */
async function letReplicate(folder: string): Promise<void> {
  const rule = "host replication all 127.0.0.1/32 scram-sha-256\n";
  await appendFile(join(folder, "pg_hba.conf"), rule);
}

async function startStandby(t: Test, folder: string, from: string) {
  const user = await storesUser((line) => t.comment(line));
  const { postgres } = await postgresPrograms(user);
  const { port } = await freeAddress();
  const { hostname, port: leading, password } = new URL(from);
  await writeFile(join(folder, "standby.signal"), "");
  const conninfo = `host=${hostname} port=${leading} user=postgres password=${password}`;
  const { exited } = launch(
    postgres,
    [
      ...["-D", HERE, "-p", String(port), "-c", "listen_addresses=127.0.0.1"],
      ...["-c", "unix_socket_directories=.", "-c", "hot_standby=on"],
      ...["-c", `primary_conninfo=${conninfo}`],
    ],
    { folder, user },
  );
  t.teardown(async () => {
    await killAll(folder);
    await exited;
  });
  const url = new URL(from);
  url.port = String(port);
  return url.href;
}

/** From now on a commit waits for the standby. */
async function synchronously(sql: Sql): Promise<void> {
  await sql`alter system set synchronous_standby_names = '*'`;
  await sql`select pg_reload_conf()`;
  await until("a synchronous standby", async () => {
    const rows = await sql`
      select from pg_stat_replication where state = 'streaming' and sync_state = 'sync'`;
    if (rows.count !== 1) throw new Error("it does not stream yet");
  });
}

function nodeOf(t: Test, url: string, folder: string): Node {
  const sql = createSql(url, { max: 2, onnotice: () => {} });
  t.teardown(async () => {
    await sql.end({ timeout: 1 });
    await killAll(folder);
  });
  return { url, sql, kill: () => killAll(folder) };
}

async function killAll(folder: string): Promise<void> {
  await until("its end", async () => {
    const pids = await processesIn(folder);
    for (const pid of pids) kill(pid);
    if (pids.length > 0) throw new Error(`${pids} still run`);
  });
}

/** It may just have ended. */
function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // gone
  }
}
