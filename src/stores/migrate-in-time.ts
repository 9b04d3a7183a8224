import { SetupError } from "../errors.js";
import { certificateProblem } from "./certificates.js";
import { migrate } from "./migrate.js";
import { isAway } from "./postgres.js";

/** The time between two attempts to reach Postgres for the migrations. */
const RETRY_MS = 500;

type Log = Record<"info" | "warn", (details: object, sentence: string) => void>;

/**
 * Migrates as soon as Postgres is there, unless it is no longer wanted by then. Rejects where waiting can't help: a wrong
 * password, a missing database or permission, a migration that fails.
 */
export async function migrateInTime(
  url: string,
  samplePrizes: boolean,
  log: Log,
  isUnwanted: () => boolean,
): Promise<void> {
  let told = false;
  while (!isUnwanted()) {
    try {
      const applied = await migrate(url, samplePrizes);
      if (applied.length > 0) log.info({ applied }, "migrated");
      return;
    } catch (err) {
      const untrusted = certificateProblem("Postgres", err);
      if (untrusted) throw new SetupError(untrusted);
      if (err instanceof SetupError || !isAway(err)) throw err;
      if (!told) log.warn({ err }, "waiting for Postgres");
      told = true;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
