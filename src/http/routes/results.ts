import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { ANSWER_TIMEOUT_MS, within } from "../../deadline.js";
import {
  CAMPAIGN_NOT_FOUND,
  invalid,
  UNAUTHENTICATED,
  unavailable,
} from "../../errors.js";
import { createClaimUntil } from "../../results/claim.js";
import { findMine } from "../../results/of-user.js";
import type { Services } from "../../services.js";
import { DEFAULT_CAMPAIGN } from "../../stores/keys.js";
import { dateOf, decodeCursor, encodeCursor } from "../cursor.js";
import { LONGEST_SUBJECT, parseWinner } from "../input.js";
import { failures } from "../schemas/common.js";
import { MyResultsAnswer, MyResultsQuery } from "../schemas/my-results.js";

const late = () => unavailable(new Error("the results took too long"));

/** GET /results: a user's own wins. */
export const resultsRoute: FastifyPluginAsyncTypebox<Services> = async (
  app,
  { postgres, campaigns, claims, gate },
) => {
  const claimUntil = createClaimUntil();

  app.get(
    "/results",
    {
      schema: {
        operationId: "listMyResults",
        summary: "List a user's wins",
        description:
          "Newest first. For the user's token, or the administrators', which may ask for anybody.",
        tags: ["draw"],
        security: [{ userToken: [] }, { adminToken: [] }],
        querystring: MyResultsQuery,
        response: {
          200: MyResultsAnswer,
          ...failures({
            INVALID_REQUEST: "limit: must be a number from 1 to 100.",
            UNAUTHENTICATED,
            CAMPAIGN_NOT_FOUND,
          }),
        },
      },
    },
    async ({ query }, reply) => {
      const limit = parseLimit(query.limit);
      const lane = campaigns.lane(query.campaign);
      const { id: campaign } = lane.held.campaign;
      const days = claims.daysOf(lane);
      const asked = {
        campaign,
        user_id: parseWinner(query.username, LONGEST_SUBJECT),
        count: limit + 1,
        since: claims.sinceOf(lane),
        before: parseCursor(query.cursor),
      };
      const found = await within(
        ANSWER_TIMEOUT_MS,
        gate.pass(() => findMine(postgres, asked)),
        late,
      );
      const page = found.slice(0, limit);
      const last = found.length > limit ? page.at(-1) : undefined;
      const results = page.map(({ draw_no: _, ...win }) => {
        const claim_until = claimUntil(lane.clock, win.draw_date, days);
        return {
          ...win,
          ...(campaign !== DEFAULT_CAMPAIGN && { campaign_id: campaign }),
          ...(claim_until !== undefined && { claim_until }),
        };
      });
      const next_cursor = last
        ? encodeCursor(last.draw_date, last.draw_no)
        : null;
      reply.header("cache-control", "no-store");
      return { success: true as const, data: { results, next_cursor } };
    },
  );
};

function parseLimit(text = "20"): number {
  if (!/^([1-9]\d?|100)$/.test(text)) {
    throw invalid("limit", "must be a number from 1 to 100");
  }
  return Number(text);
}

/** The draw where the page before ended. */
function parseCursor(cursor: string | undefined) {
  if (cursor === undefined) return undefined;
  const [date = "", no = ""] = decodeCursor(
    cursor,
    /^(\d{4}-\d\d-\d\d) (\d{1,3})$/,
  );
  return { draw_date: dateOf(date), draw_no: Number(no) };
}
