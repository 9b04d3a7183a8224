import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { freePort } from "../../src/stores/embedded/redis.js";
import type { Owner } from "./owner.js";
import { home } from "./temporary-folder.js";
import { until } from "./until.js";
import type { World } from "./world.js";

/**
 * A PgBouncer in front of a world's database, with its defaults but for the mode and what `more` says. It ends with its
 * owner.
 */
export async function behindPooler(
  t: Owner,
  world: World,
  mode: "transaction" | "session" | "statement",
  more = "",
): Promise<World & { pooler: ChildProcess; log: string[] }> {
  const folder = await mkdtemp(join(home(), "pooler-"));
  const database = new URL(world.databaseUrl);
  const port = await freePort();
  const target = `host=${database.hostname} port=${database.port} user=${database.username} password=${database.password}`;
  const path = join(folder, "pgbouncer.ini");
  const asNobody = process.getuid?.() === 0 ? "user = nobody" : "";
  await writeFile(
    path,
    `[databases]
* = ${target}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
${asNobody}
${more}
`,
  );
  const pooler = spawn("pgbouncer", [path], {
    cwd: folder,
    env: { PATH: `${process.env.PATH}:/usr/sbin` },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const log: string[] = [];
  pooler.stderr.on("data", (chunk) => log.push(String(chunk)));
  t.teardown(() => pooler.kill("SIGKILL"));
  await until("PgBouncer", () => answers(port));
  const url = new URL(world.databaseUrl);
  url.port = String(port);
  url.hostname = "127.0.0.1";
  return { ...world, databaseUrl: url.href, pooler, log };
}

function answers(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve();
    });
    socket.on("error", reject);
  });
}
