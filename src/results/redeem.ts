import { createBatcher } from "../batch.js";
import {
  ALREADY_REDEEMED,
  CLAIM_EXPIRED,
  Failure,
  RESULT_NOT_FOUND,
  unavailable,
} from "../errors.js";
import { isDataError, type Postgres } from "../stores/postgres.js";
import type { Result } from "./results.js";

/** A redeemed result; `phone_no` is E.164, or null where the winner gave none. */
export type Redeemed = Result & {
  campaign_id: string;
  phone_no: string | null;
  redeemed_at: string;
};

export type Redemption = {
  /** the result's UUID */
  id: string;
  user_id: string;
  phone_no: string | null;
  /** milliseconds since the epoch */
  now: number;
  since: Since;
};

/** Wins of draw dates before these can no longer be redeemed. The same object as long as nothing changes. */
export type Since = {
  /** of campaigns that are not among the others; undefined: all can */
  all: string | undefined;
  /** campaign → its own */
  others: Map<string, string | undefined>;
};

export type Redemptions = {
  /**
   * Redeems a user's result, batched with others that arrive meanwhile. The same phone number again gets the same answer; a
   * number may be added where none was given. Rejects with RESULT_NOT_FOUND (also for somebody else's), ALREADY_REDEEMED
   * where another number holds it, CLAIM_EXPIRED, UNAVAILABLE.
   */
  redeem(redemption: Redemption): Promise<Redeemed>;
  idle(): Promise<void>;
};

/** All wins can be redeemed, for ever. */
export const EVER: Since = { all: undefined, others: new Map() };

/** A row as it is after the statement. */
type Row = Omit<Result, "created_at"> & {
  campaign_id: string;
  created_at: Date;
  phone_no: string | null;
  redeemed_at: Date | null;
};

/** Rows per UPDATE. */
const LARGEST_BATCH = 500;

/** The statement was about another redemption of the same win, and this one may still change the row. */
const AGAIN = Symbol("again");

export function createRedemptions(postgres: Postgres): Redemptions {
  const updates = createBatcher<Redemption, Redeemed | typeof AGAIN>(
    (redemptions) => redeemAll(postgres, redemptions),
    LARGEST_BATCH,
  );

  async function redeem(redemption: Redemption): Promise<Redeemed> {
    for (;;) {
      const end = await updates.add(redemption);
      if (end !== AGAIN) return end;
    }
  }

  return { redeem, idle: updates.idle };
}

/** Of several redemptions of one win the first is carried out; what the row is then decides about the others. */
async function redeemAll(
  postgres: Postgres,
  redemptions: Redemption[],
): Promise<(Redeemed | typeof AGAIN | Error)[]> {
  const firsts = new Map<string, Redemption>();
  for (const redemption of redemptions) {
    const win = winOf(redemption);
    if (!firsts.has(win)) firsts.set(win, redemption);
  }
  const ends = new Map<
    string,
    { first: Redemption; row: Row | Error | undefined }
  >();
  // At midnight there may be two.
  for (const since of new Set(redemptions.map((it) => it.since))) {
    const some = [...firsts].filter(([, first]) => first.since === since);
    const rows = await updateEach(
      postgres,
      some.map(([, first]) => first),
    );
    for (const [n, [win, first]] of some.entries()) {
      ends.set(win, { first, row: rows[n] });
    }
  }
  return redemptions.map((redemption) => {
    const { first, row } = ends.get(winOf(redemption)) ?? {};
    if (row instanceof Error) return row;
    return endOf(redemption, row, first?.since === redemption.since);
  });
}

const winOf = ({ id, user_id }: Pick<Redemption, "id" | "user_id">) =>
  `${id.toLowerCase()} ${user_id}`;

/** What the row says of a redemption. `isSameDay`: the row was compared with the redemption's own `since`. */
function endOf(
  { phone_no: phoneNo }: Redemption,
  row: Row | undefined,
  isSameDay: boolean,
): Redeemed | typeof AGAIN | Failure {
  if (!row) return new Failure("RESULT_NOT_FOUND", RESULT_NOT_FOUND);
  const { redeemed_at, phone_no, created_at } = row;
  if (!redeemed_at) {
    return isSameDay ? new Failure("CLAIM_EXPIRED", CLAIM_EXPIRED) : AGAIN;
  }
  if (phone_no !== phoneNo) return phone_no === null ? AGAIN : refusal(phoneNo);
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

/**
 * The row of each redemption, in order, or the error of one that Postgres can't read. Wins must be distinct, and have one
 * `since`.
 */
async function updateEach(
  postgres: Postgres,
  redemptions: Redemption[],
): Promise<(Row | Error | undefined)[]> {
  try {
    const rows = await updateAll(postgres, redemptions);
    const byWin = new Map(rows.map((row) => [winOf(row), row]));
    return redemptions.map((redemption) => byWin.get(winOf(redemption)));
  } catch (error) {
    if (!isDataError(error)) throw error;
    // One bad value must not fail its neighbours: halve the batch until it stands alone.
    if (redemptions.length === 1) return [unavailable(error)];
    const middle = Math.ceil(redemptions.length / 2);
    return [
      ...(await updateEach(postgres, redemptions.slice(0, middle))),
      ...(await updateEach(postgres, redemptions.slice(middle))),
    ];
  }
}

/**
 * One statement, which leaves a row unchanged if it refuses and returns the rows as they are then: a second statement might
 * see another state than the one the first decided on. `redeem_results`: sql/013_campaigns.sql.
 */
function updateAll(postgres: Postgres, redemptions: Redemption[]) {
  const { all, others } = redemptions[0]?.since ?? EVER;
  const dayOf = (since: string | undefined) => since ?? "-infinity";
  return postgres.query(
    (sql) => sql<Row[]>`
      select id, user_id, prize_id, campaign_id, created_at, phone_no, redeemed_at
      from redeem_results(
        ${redemptions.map(({ id }) => id)}::uuid[],
        ${redemptions.map(({ user_id }) => user_id)}::text[],
        ${redemptions.map(({ phone_no }) => phone_no ?? "")}::text[],
        ${redemptions.map(({ now }) => now)}::float8[],
        ${dayOf(all)}::text::date,
        ${[...others.keys()]}::text[],
        ${[...others.values()].map(dayOf)}::text[]::date[]
      )`,
  );
}
