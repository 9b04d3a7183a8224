import {
  ALREADY_REDEEMED,
  CLAIM_EXPIRED,
  Failure,
  RESULT_NOT_FOUND,
} from "./errors.js";
import type { Postgres } from "./postgres.js";
import type { Result } from "./results.js";

/** A redeemed result; `phone_no` is E.164, or null where the winner gave none. */
export type Redeemed = Result & {
  phone_no: string | null;
  redeemed_at: string;
};

type Row = Omit<Result, "created_at"> & {
  created_at: Date;
  phone_no: string | null;
  redeemed_at: Date;
};

/**
 * Redeems a user's result, at `now` in milliseconds since the epoch. The same phone number again gets the same
 * answer; a number may be added where none was given. Wins of draw dates before `since`, where that is given, can no
 * longer be redeemed. Rejects with RESULT_NOT_FOUND (also for somebody else's), ALREADY_REDEEMED where another number
 * holds it, CLAIM_EXPIRED, UNAVAILABLE.
 */
export async function redeem(
  postgres: Postgres,
  now: number,
  id: string,
  userId: string,
  phoneNo: string | null,
  since = "-infinity",
): Promise<Redeemed> {
  // One statement, so that of two at once one waits for the other's row and then sees its number.
  const [row] = await postgres.query(
    (sql) => sql<Row[]>`
      update result
      set phone_no = coalesce(phone_no, ${phoneNo}),
        redeemed_at = coalesce(redeemed_at, to_timestamp(${now}::float8 / 1000))
      where id = ${id} and user_id = ${userId}
        and (redeemed_at is null or phone_no is null or phone_no = ${phoneNo})
        and (redeemed_at is not null or draw_date >= ${since}::text::date)
      returning id, user_id, prize_id, created_at, phone_no, redeemed_at`,
  );
  if (!row) {
    const refused = await refusal(postgres, id, userId, phoneNo);
    if (refused) throw refused;
    return redeem(postgres, now, id, userId, phoneNo, since);
  }
  return {
    ...row,
    created_at: row.created_at.toISOString(),
    redeemed_at: row.redeemed_at.toISOString(),
  };
}

/** Why nothing was redeemed; undefined where another redemption, with the same number, came in between. */
async function refusal(
  postgres: Postgres,
  id: string,
  userId: string,
  phoneNo: string | null,
): Promise<Failure | undefined> {
  const [standing] = await postgres.query(
    (sql) => sql<Pick<Row, "phone_no" | "redeemed_at">[]>`
      select phone_no, redeemed_at from result
      where id = ${id} and user_id = ${userId}`,
  );
  if (!standing) return new Failure("RESULT_NOT_FOUND", RESULT_NOT_FOUND);
  if (!standing.redeemed_at) return new Failure("CLAIM_EXPIRED", CLAIM_EXPIRED);
  if (standing.phone_no === null || standing.phone_no === phoneNo) {
    return undefined;
  }
  return new Failure(
    "ALREADY_REDEEMED",
    phoneNo === null
      ? "This prize has already been redeemed with a phone number: send that number."
      : ALREADY_REDEEMED,
  );
}
