import {
  CAMPAIGN_ENDED,
  CAMPAIGN_NOT_FOUND,
  CAMPAIGN_NOT_STARTED,
  Failure,
} from "../errors.js";
import type { Campaign } from "../prizes/campaign.js";

/** What a draw is told that came at a time when nobody can draw. */
export function closedFailure(
  { starts_at }: Pick<Campaign, "starts_at">,
  why: "not_started" | "ended" | "inactive",
): Failure {
  switch (why) {
    case "not_started":
      return new Failure(
        "CAMPAIGN_NOT_STARTED",
        CAMPAIGN_NOT_STARTED,
        undefined,
        starts_at === null
          ? {}
          : { starts_at: new Date(starts_at).toISOString() },
      );
    case "ended":
      return new Failure("CAMPAIGN_ENDED", CAMPAIGN_ENDED);
    case "inactive":
      return campaignNotFound();
  }
}

export const campaignNotFound = () =>
  new Failure("CAMPAIGN_NOT_FOUND", CAMPAIGN_NOT_FOUND);
