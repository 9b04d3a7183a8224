import { type Code, Failure, invalid } from "../../errors.js";
import { isDataError, type Postgres } from "../../stores/postgres.js";
import type { PrizeFields } from "../schemas/prizes.js";

/** A row of `prize`; quotas in units, null for unlimited. */
export type PrizeRow = Required<PrizeFields>;

/** The prizes with their version. The sum of odds is that of the active ones, from 0 to 1 unless plain SQL made it more. */
export type PrizeTable = {
  version: string;
  sum_of_odds: number;
  chance_of_no_prize: number;
  prizes: PrizeRow[];
};

export type Change = {
  /** create: they must be new; change: what is given of each changes; replace: those not given are made inactive */
  mode: "create" | "change" | "replace";
  /** A probability may be a decimal in a string, which keeps all its digits. */
  prizes: { id: string; [field: string]: unknown }[];
  /** the version that was read, null for any */
  expected: string | null;
  /** who changes them, for the history */
  changed_by: string;
  /** id of the campaign; `default` where it is left out */
  campaign?: string;
  /** Check all, save nothing. */
  preview: boolean;
};

/** What change_prizes and its like raise, in sql/013_campaigns.sql. */
const CODES: Record<string, Code> = {
  "22L01": "PRECONDITION_FAILED",
  "22L02": "PRIZE_NOT_FOUND",
  "22L03": "PRIZE_EXISTS",
  "22L04": "INVALID_REQUEST",
  "22L05": "INVALID_REQUEST",
  "22L06": "INVALID_REQUEST",
  "22L07": "CAMPAIGN_FROZEN",
  "22L08": "CAMPAIGN_NOT_FOUND",
  "22L09": "INVALID_REQUEST",
  "22L10": "CAMPAIGN_EXISTS",
  "22L11": "INVALID_REQUEST",
  "22L12": "INVALID_REQUEST",
  "22L13": "INVALID_REQUEST",
};

/** A failure in place of what the functions of sql/ raised, or the error itself. */
export function failureOf(error: unknown): unknown {
  const code = isDataError(error) && CODES[(error as { code: string }).code];
  return code ? new Failure(code, (error as Error).message) : error;
}

export async function readPrizeTable(
  postgres: Postgres,
  campaign: string,
): Promise<PrizeTable> {
  const [row] = await postgres.query(
    (sql) =>
      sql<{ prizes: PrizeTable }[]>`select prize_table(${campaign}) as prizes`,
  );
  return (row as { prizes: PrizeTable }).prizes;
}

/**
 * Changes the prizes all or none, and returns all of them as they are then, or would be. Rejects with
 * INVALID_REQUEST, PRECONDITION_FAILED, PRIZE_NOT_FOUND, PRIZE_EXISTS, CAMPAIGN_NOT_FOUND, CAMPAIGN_FROZEN, and UNAVAILABLE. Where the connection broke under a
 * change that was saved, its second run meets the first one: then these too can come of a change that stands.
 */
export async function changePrizes(
  postgres: Postgres,
  { mode, prizes, expected, changed_by, preview, campaign = "default" }: Change,
): Promise<PrizeTable> {
  refuseTwins(prizes);
  const given = JSON.stringify(prizes);
  const [row] = await postgres
    .query(
      (sql) => sql<{ prizes: PrizeTable }[]>`
        select change_prizes(
          ${mode}, ${given}::text::jsonb, ${expected}::text::bigint, ${changed_by}, ${preview}, ${campaign}
        ) as prizes`,
    )
    .catch((error: unknown) => {
      throw failureOf(error);
    });
  return (row as { prizes: PrizeTable }).prizes;
}

function refuseTwins(prizes: { id: string }[]): void {
  const seen = new Set<string>();
  for (const [n, { id }] of prizes.entries()) {
    if (seen.has(id)) throw invalid(`prizes[${n}].id`, `is ${id} once more`);
    seen.add(id);
  }
}
