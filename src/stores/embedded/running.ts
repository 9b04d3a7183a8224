import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { SetupError } from "../../errors.js";
import { openFolder } from "./folder.js";
import { ownerOf } from "./owner.js";
import { postgresUrl } from "./postgres.js";
import { readProofKey } from "./proof-key.js";
import { redisSocket } from "./redis.js";

export type RunningPair = {
  databaseUrl: string;
  redisUrl: string;
  /** missing where the pair is of a version before it */
  proofKey: string | undefined;
};

/**
 * The addresses and the key of the pair that a running `npm start` keeps in `folder`; they hold in this process. Rejects with a
 * sentence where none runs, or the folder is somebody else's.
 */
export async function runningPair(folder: string): Promise<RunningPair> {
  const home = resolve(folder);
  if (existsSync(home)) {
    const { path } = openFolder(home);
    const postgres = join(path, "postgres");
    const redis = redisSocket(join(path, "redis"));
    // PostgreSQL removes this file when it stops.
    const isUp = [redis, join(postgres, "postmaster.pid")].every(existsSync);
    if (isUp && (await ownerOf(path))) {
      const databaseUrl = postgresUrl(postgres);
      const proofKey = await readProofKey(path);
      return { databaseUrl, redisUrl: `unix://${redis}`, proofKey };
    }
  }
  throw new SetupError(
    `DATABASE_URL and REDIS_URL are not set, and no embedded pair runs in ${home}: set them, or run npm start beside this command.`,
  );
}
