import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../src/stores/embedded/redis.js";
import type { NameServer } from "./name-server.js";
import type { Owner } from "./owner.js";
import { home } from "./temporary-folder.js";
import { until } from "./until.js";

const CONF = new URL("../../src/deploy/nginx.conf", import.meta.url);

export const hasNginx = () =>
  spawnSync("nginx", ["-v"], { stdio: "ignore" }).status === 0;

/** nginx with src/deploy/nginx.conf before all servers that a name stands for. It ends with the test. */
export async function startNginx(t: Owner, names: NameServer, port: string) {
  const folder = await mkdtemp(join(home(), "nginx-"));
  const own = await freePort();
  const path = join(folder, "nginx.conf");
  const text = await readFile(CONF, "utf8");
  const ours = text
    .replace("resolver 127.0.0.11", `resolver ${names.address}`)
    .replace("server:8000;", `servers.test:${port};`)
    .replace("listen 8000", `listen 127.0.0.1:${own}`);
  await writeFile(
    path,
    `daemon off; pid ${folder}/pid; worker_processes 1; events {} http { access_log off;\n${ours}\n}`,
  );
  run(t, folder, path);
  const url = `http://127.0.0.1:${own}`;
  await until("nginx", () => fetch(`${url}/healthz`));
  return url;
}

/** nginx that has a server below a path, such as /promo/, and nothing else. Returns the address of that path. */
export async function startNginxBelow(t: Owner, path: string, server: string) {
  const folder = await mkdtemp(join(home(), "nginx-"));
  const port = await freePort();
  const conf = join(folder, "nginx.conf");
  await writeFile(
    conf,
    `daemon off; pid ${folder}/pid; worker_processes 1; events {}
    http { access_log off; server { listen 127.0.0.1:${port};
      location ${path} { proxy_pass ${server}/; proxy_buffering off; } } }`,
  );
  run(t, folder, conf);
  const url = `http://127.0.0.1:${port}${path}`;
  await until("nginx", () => fetch(url));
  return url;
}

function run(t: Owner, folder: string, conf: string) {
  const args = ["-p", folder, "-c", conf, "-e", join(folder, "error.log")];
  const nginx = spawn("nginx", args, { cwd: folder, stdio: "inherit" });
  const exited = once(nginx, "exit");
  t.teardown(async () => {
    nginx.kill("SIGTERM");
    await exited;
  });
  return nginx;
}
