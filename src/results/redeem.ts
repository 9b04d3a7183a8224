import {
  ALREADY_REDEEMED,
  CLAIM_EXPIRED,
  Failure,
  RESULT_NOT_FOUND,
} from "../errors.js";
import type { Postgres } from "../stores/postgres.js";
import type { Result } from "./results.js";

/** A redeemed result; `phone_no` is E.164, or null where the winner gave none. */
export type Redeemed = Result & {
  phone_no: string | null;
  redeemed_at: string;
};

type Standing = Omit<Result, "created_at"> & {
  created_at: Date;
  phone_no: string | null;
  redeemed_at: Date | null;
};

export type Redemption = {
  /** the result's UUID */
  id: string;
  user_id: string;
  phone_no: string | null;
  /** milliseconds since the epoch */
  now: number;
  /** wins of draw dates before this one can no longer be redeemed; undefined: all can */
  since: string | undefined;
};

/**
 * Redeems a user's result. The same phone number again gets the same answer; a number may be added where none was given. Rejects with RESULT_NOT_FOUND (also for somebody else's), ALREADY_REDEEMED where another number
 * holds it, CLAIM_EXPIRED, UNAVAILABLE.
 */
export async function redeem(
  postgres: Postgres,
  { id, user_id, phone_no: phoneNo, now, since = "-infinity" }: Redemption,
): Promise<Redeemed> {
  // One statement, which leaves the row unchanged if it refuses and returns the row as it is then: a second statement
  // might see another state than the one the first decided on.
  const [row] = await postgres.query(
    (sql) => sql<Standing[]>`
      update result
      set phone_no = case when redeemed_at is null and draw_date < ${since}::text::date then phone_no
          else coalesce(phone_no, ${phoneNo}) end,
        redeemed_at = case when redeemed_at is null and draw_date < ${since}::text::date then null
          else coalesce(redeemed_at, to_timestamp(${now}::float8 / 1000)) end
      where id = ${id} and user_id = ${user_id}
      returning id, user_id, prize_id, created_at, phone_no, redeemed_at`,
  );
  if (!row) throw new Failure("RESULT_NOT_FOUND", RESULT_NOT_FOUND);
  const { redeemed_at, phone_no, created_at } = row;
  if (!redeemed_at) throw new Failure("CLAIM_EXPIRED", CLAIM_EXPIRED);
  if (phone_no !== phoneNo) throw refusal(phoneNo);
  return {
    ...row,
    created_at: created_at.toISOString(),
    redeemed_at: redeemed_at.toISOString(),
  };
}

/** Redeemed with another number, or with a number while none was given. */
const refusal = (phoneNo: string | null) =>
  new Failure(
    "ALREADY_REDEEMED",
    phoneNo === null
      ? "This prize has already been redeemed with a phone number: send that number."
      : ALREADY_REDEEMED,
  );
