import { setTimeout as pause } from "node:timers/promises";
import { Failure, SetupError } from "../errors.js";
import type { Postgres } from "../stores/postgres.js";

/** The time between two attempts to ask Postgres. */
const RETRY_MS = 500;

/**
 * Rejects with a sentence where draws can't be sealed or closed for want of PROOF_KEY: better no start than one whose draws
 * all fail. Waits for a Postgres that is away, unless it is no longer wanted.
 */
export async function requireKey(
  postgres: Postgres,
  proofKey: string | undefined,
  isUnwanted: () => boolean,
): Promise<void> {
  if (proofKey !== undefined) return;
  for (;;) {
    try {
      const campaigns = await readSealing(postgres);
      if (!campaigns) return;
      throw new SetupError(
        `PROOF_KEY: must be set, since anybody can check the draws of ${campaigns}: openssl rand -hex 32 makes one, the same for all servers; or make them not verifiable.`,
      );
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (isUnwanted()) return;
      await pause(RETRY_MS);
    }
  }
}

/** The campaigns that seal days, or that have one which is sealed and not over; null where there are none. */
async function readSealing(postgres: Postgres): Promise<string | null> {
  const [row] = await postgres.query(
    (sql) => sql<{ campaigns: string | null }[]>`
      select string_agg(c.id, ', ' order by c.id) as campaigns from campaign c
      where c.active and coalesce(c.ends_at > now(), true) and (
        c.verifiable or exists (select from proof_day d where d.campaign_id = c.id and d.ends_at > now())
      )`,
  );
  return row?.campaigns ?? null;
}
