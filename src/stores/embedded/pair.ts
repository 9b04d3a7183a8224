import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { openFolder } from "./folder.js";
import { guard } from "./guard.js";
import { own } from "./owner.js";
import { startPostgres } from "./postgres.js";
import { keepProofKey } from "./proof-key.js";
import { startRedis } from "./redis.js";

/** A Redis and a PostgreSQL of this process's own. */
export type Pair = {
  databaseUrl: string;
  redisUrl: string;
  /** what signs where PROOF_KEY is not set */
  proofKey: string;
  close(): Promise<void>;
};

/**
 * Starts a Redis and a PostgreSQL that keep their data in `folder`, for this user alone. What a killed process left
 * running there is stopped first. `say` is told what takes time, and what others could read until now. The URLs hold in
 * this process. Rejects with a sentence where `folder` is in use or somebody else's, or a part is missing.
 */
export async function startEmbedded(
  folder: string,
  say: (line: string) => void,
): Promise<Pair> {
  const home = openFolder(resolve(folder));
  const closes: (() => unknown)[] = [home.close];
  const close = async () => {
    for (const end of closes.splice(0).reverse()) await end();
  };
  try {
    const name = realpathSync(home.path);
    closes.push(await own(home.path, name));
    if (home.wasOpen) {
      say(
        `Other users of this machine could enter ${name}: it is closed to them.`,
      );
    }
    const proofKey = await keepProofKey(home.path);
    closes.push(guard(home.path));
    const redis = await startRedis(`${home.path}/redis`, say);
    closes.push(redis.stop);
    const postgres = await startPostgres(`${home.path}/postgres`, say);
    closes.push(postgres.stop);
    const urls = { databaseUrl: postgres.url, redisUrl: redis.url };
    return { ...urls, proofKey, close };
  } catch (error) {
    await close();
    throw error;
  }
}
