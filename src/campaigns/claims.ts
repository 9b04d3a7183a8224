import type { Campaign } from "../prizes/campaign.js";
import { openSince } from "../results/claim.js";
import type { Since } from "../results/redeem.js";
import type { Campaigns } from "./campaigns.js";
import type { Lane } from "./lane.js";

export type Claims = {
  /** How many campaign days after its draw a win of the campaign can be redeemed; undefined: for ever. */
  daysOf(lane: Lane): number | undefined;
  /** The first draw date of the campaign whose wins can still be redeemed; undefined: all can. */
  sinceOf(lane: Lane): string | undefined;
  /** That of every campaign, as redemptions need it. The same object as long as nothing changes. */
  since(): Since;
};

/** `claimDays`: of campaigns that don't say themselves. */
export function createClaims(
  campaigns: Campaigns,
  claimDays: number | undefined,
  clockIn: (timeZone: string | null) => Lane["clock"],
): Claims {
  let last: { text: string; since: Since } | undefined;
  let list: Campaign[] | undefined;
  let own: Campaign[] = []; // of the list, those with a zone or days of their own

  const daysOf = ({ held }: Lane) => held.campaign.claim_days ?? claimDays;

  function since(): Since {
    const all = openSince(clockIn(null), claimDays);
    if (list !== campaigns.all()) {
      list = campaigns.all();
      own = list.filter(
        (it) => it.time_zone !== null || it.claim_days !== null,
      );
    }
    const others = own.flatMap(({ id, time_zone, claim_days }) => {
      const day = openSince(clockIn(time_zone), claim_days ?? claimDays);
      return day === all ? [] : [[id, day] as const];
    });
    const text = JSON.stringify([all, others]);
    if (last?.text !== text) {
      last = { text, since: { all, others: new Map(others) } };
    }
    return last.since;
  }

  return {
    daysOf,
    sinceOf: (lane) => openSince(lane.clock, daysOf(lane)),
    since,
  };
}
