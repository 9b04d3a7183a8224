import { spawnSync } from "node:child_process";
import { SetupError } from "../../errors.js";

/** A user of the operating system, by its numbers. */
export type User = { uid: number; gid: number };

const NAME = "lucky-draw-stores";

/**
 * The user that the stores run as where root starts them; undefined where another user does. PostgreSQL refuses to run
 * as root, and what a shared user such as `nobody` can read, each of its processes can. Made at the first need.
 */
export async function storesUser(
  say: (line: string) => void,
): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return;
  const known = find();
  if (known) return known;
  say(`Making the system user ${NAME}: PostgreSQL refuses to run as root`);
  const options = ["--system", "--user-group", "--no-create-home"];
  const nowhere = [
    "--home-dir",
    "/nonexistent",
    "--shell",
    "/usr/sbin/nologin",
  ];
  let made = spawnSync("useradd", [...options, ...nowhere, NAME]);
  // Where two start at once, one of them finds the list of users locked.
  for (let tries = 50; tries > 0 && !made.error && !find(); tries--) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    made = spawnSync("useradd", [...options, ...nowhere, NAME]);
  }
  const user = find();
  if (user) return user;
  throw new SetupError(
    `PostgreSQL refuses to run as root, and its user ${NAME} could not be made (${made.error?.message ?? String(made.stderr).trim()}): start as another user, or set DATABASE_URL and REDIS_URL.`,
  );
}

function find(): User | undefined {
  const [uid, gid] = ["-u", "-g"].map((what) => {
    const { status, stdout } = spawnSync("id", [what, NAME]);
    return status === 0 ? Number(stdout) : 0;
  });
  return uid && gid ? { uid, gid } : undefined;
}
