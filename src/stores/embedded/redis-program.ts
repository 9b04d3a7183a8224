import { spawnSync } from "node:child_process";
import { SetupError } from "../../errors.js";

/** The programs that serve as Redis, the first choice first. */
export const NAMES = ["redis-server", "valkey-server"];

const MISSING = `No redis-server or valkey-server was found on the PATH. Install one:
  Debian, Ubuntu   apt-get install -y redis-server
  Fedora, RHEL     dnf install -y valkey
  Alpine           apk add redis
  macOS            brew install redis
or set DATABASE_URL and REDIS_URL.`;

/** The program that serves as Redis; on Debian and Ubuntu root gets it installed. Throws a sentence where there is none. */
export const redisProgram = (say: (line: string) => void) =>
  findProgram() ?? installProgram(say);

function findProgram(): string | undefined {
  return NAMES.find(
    (name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0,
  );
}

/** On Debian and Ubuntu root may install it; elsewhere the user is told how. */
function installProgram(say: (line: string) => void): string {
  const apt = spawnSync("apt-get", ["--version"], { stdio: "ignore" });
  if (process.getuid?.() !== 0 || apt.status !== 0)
    throw new SetupError(MISSING);
  say("No redis-server found: running apt-get install -y redis-server");
  const run = (args: string[]) =>
    spawnSync("apt-get", args, {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    }).status === 0;
  const install = ["install", "-y", "-q", "redis-server"];
  if (!run(install)) {
    run(["update", "-q"]);
    run(install);
  }
  const program = findProgram();
  if (!program) throw new SetupError(MISSING);
  return program;
}
