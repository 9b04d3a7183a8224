import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Test } from "tap";
import { freePort } from "../../src/stores/embedded/redis.js";
import type { Owner } from "./owner.js";
import { home, processesIn } from "./temporary-folder.js";
import { until } from "./until.js";

const CONF = new URL("../../src/deploy/nginx.conf", import.meta.url);

export const hasNginx = () =>
  spawnSync("nginx", ["-v"], { stdio: "ignore" }).status === 0;

/** nginx with src/deploy/nginx.conf before these servers. It ends with the test. */
export async function startNginx(t: Test, urls: string[]) {
  const folder = await mkdtemp(join(home(), "nginx-"));
  const port = await freePort();
  const path = join(folder, "nginx.conf");
  const text = await readFile(CONF, "utf8");
  const hosts = urls.map((url) => new URL(url).host);

  const write = (down: string[]) => {
    const lines = hosts.map((host) =>
      /server server:8000(.*);/
        .exec(text)?.[0]
        .replace("server:8000", host)
        .replace(";", down.includes(host) ? " down;" : ";"),
    );
    const ours = text
      .replace(/server server:8000.*;/, lines.join("\n"))
      .replace("listen 8000", `listen 127.0.0.1:${port}`);
    return writeFile(
      path,
      `daemon off; pid ${folder}/pid; worker_processes 1; events {} http { access_log off;\n${ours}\n}`,
    );
  };

  await write([]);
  const nginx = run(t, folder, path);
  const url = `http://127.0.0.1:${port}`;
  await until("nginx", () => fetch(`${url}/healthz`));

  /** Sends nothing more to this server, or to all of them again where none is given; answers under way go out. */
  const without = async (server?: string) => {
    await write(server ? [new URL(server).host] : []);
    const before = await processesIn(folder);
    nginx.kill("SIGHUP");
    await until("its workers to be replaced", async () => {
      const left = await processesIn(folder);
      const old = left.filter((pid) => before.includes(pid));
      if (old.length > 1) throw new Error(`${left}`);
    });
  };
  return { url, without };
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
