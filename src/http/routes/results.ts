import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { ANSWER_TIMEOUT_MS, within } from "../../deadline.js";
import { invalid, UNAUTHENTICATED, unavailable } from "../../errors.js";
import { createClaimUntil, openSince } from "../../results/claim.js";
import { findMine } from "../../results/of-user.js";
import type { Services } from "../../services.js";
import { dateOf, decodeCursor, encodeCursor } from "../cursor.js";
import { LONGEST_SUBJECT, parseWinner } from "../input.js";
import { failures } from "../schemas/common.js";
import { MyResultsAnswer, MyResultsQuery } from "../schemas/my-results.js";

const late = () => unavailable(new Error("the results took too long"));

/** GET /results: a user's own wins. */
export const resultsRoute: FastifyPluginAsyncTypebox<Services> = async (
  app,
  { postgres, clock, gate, settings },
) => {
  const days = settings.CLAIM_DAYS;
  const claimUntil = createClaimUntil(clock, days);

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
          }),
        },
      },
    },
    async ({ query }, reply) => {
      const limit = parseLimit(query.limit);
      const asked = {
        user_id: parseWinner(query.username, LONGEST_SUBJECT),
        count: limit + 1,
        since: openSince(clock, days),
        before: parseCursor(query.cursor),
      };
      const found = await within(
        ANSWER_TIMEOUT_MS,
        gate.pass(() => findMine(postgres, asked)),
        late,
      );
      const page = found.slice(0, limit);
      const last = found.length > limit ? page.at(-1) : undefined;
      const results = claimUntil
        ? page.map((win) => ({
            ...win,
            claim_until: claimUntil(win.draw_date),
          }))
        : page;
      const next_cursor = last ? encodeCursor(last.draw_date) : null;
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

/** The draw date where the page before ended. */
function parseCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const [date = ""] = decodeCursor(cursor, /^(\d{4}-\d\d-\d\d)$/);
  return dateOf(date);
}
