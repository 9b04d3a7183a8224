import { execFile, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import t from "tap";
import { parse, parseDocument } from "yaml";
import { ConfigSchema } from "../../src/settings/config.js";
import { freePort } from "../../src/stores/embedded/redis.js";
import { post } from "../support/post.js";
import { home } from "../support/temporary-folder.js";

// The Compose files start what they say, with a server that is held as the Kubernetes manifests hold it.

const FOLDER = "src/deploy";
const FILES = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".yml"))
  .map((name) => `${FOLDER}/${name}`);
const [cluster, sentinel] = ["cluster", "sentinel"].map(
  (name) => `${FOLDER}/compose.${name}.yml`,
) as [string, string];

const hasEngine =
  spawnSync("docker", ["compose", "ls"], { stdio: "ignore" }).status === 0;
const skip = hasEngine ? false : "no container engine answers docker compose";

const run = promisify(execFile);

t.test("images have a version, settings are some", async (t) => {
  t.ok(FILES.includes(cluster) && FILES.includes(sentinel));
  for (const file of ["docker-compose.yml", ...FILES]) {
    const text = await readFile(file, "utf8");
    // Tags of Compose itself, which say how files are laid over each other.
    const document = parseDocument(text, { merge: true, logLevel: "error" });
    const { services } = document.toJS() as {
      services: Record<
        string,
        { image?: string; environment?: Record<string, string> } | null
      >;
    };
    for (const [name, service] of Object.entries(services)) {
      const { image, environment = {} } = service ?? {};
      if (image) t.match(image, /:v?\d[\w.]*$/, `${file}: ${name}`);
      if (name !== "server") continue;
      for (const setting of Object.keys(environment)) {
        t.ok(setting in ConfigSchema.properties, `${file}: ${setting}`);
      }
    }
  }
});

/** What server.yaml says of the container's rights, in Compose's words. */
async function restricted() {
  const manifest = parse(
    await readFile("src/deploy/kubernetes/server.yaml", "utf8"),
  );
  const { securityContext: pod, containers } = manifest.spec.template.spec;
  const { securityContext: own } = containers[0];
  return {
    user: `${pod.runAsUser}:${pod.runAsGroup}`,
    read_only: own.readOnlyRootFilesystem,
    cap_drop: own.capabilities.drop,
    security_opt: own.allowPrivilegeEscalation ? [] : ["no-new-privileges"],
  };
}

for (const file of [cluster, sentinel]) {
  t.test(`${file}: one draws through it`, { skip }, async (t) => {
    const folder = await mkdtemp(join(home(), "compose-"));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const rights = join(folder, "rights.yml");
    const server = await restricted();
    await writeFile(rights, JSON.stringify({ services: { server } }));
    const port = await freePort();
    const compose = (...args: string[]) => {
      const files = ["docker-compose.yml", file, rights];
      const chosen = files.flatMap((name) => ["-f", name]);
      const project = ["-p", `test-${port}`, "--project-directory", "."];
      return run("docker", ["compose", ...project, ...chosen, ...args], {
        env: { ...process.env, PORT: `${port}` },
      });
    };
    t.teardown(() => compose("down", "-v", "--rmi", "local"));
    try {
      // One that does not come up is started again and again.
      const patience = ["--wait-timeout", "150"];
      await compose("up", "--build", "-d", "--wait", ...patience);
    } catch (error) {
      const { stdout } = await compose("logs", "--tail", "20");
      throw new Error(stdout, { cause: error });
    }

    const url = `http://127.0.0.1:${port}`;
    const [first, second] = [
      await post(`${url}/draw`, { username: "ada" }),
      await post(`${url}/draw`, { username: "ada" }),
    ];
    t.match(first, { status: 200, body: { success: true } });
    t.match(second.body.message, { message: /already participated/ });
    const inside = (...args: string[]) =>
      compose("exec", "-T", "server", ...args).then(
        ({ stdout }) => stdout.trim(),
        ({ stderr }) => stderr,
      );
    t.equal(await inside("id", "-u"), "1000");
    t.match(await inside("touch", "/app/dist/x"), /Read-only file system/);
    t.equal(
      await inside("node", "dist/commands/migrate.js"),
      "Nothing to apply.",
    );
  });
}
