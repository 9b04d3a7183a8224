import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import type { Lane } from "../../campaigns/lane.js";
import { ANSWER_TIMEOUT_MS, within } from "../../deadline.js";
import type { Outcome } from "../../engine/engine.js";
import {
  CAMPAIGN_ENDED,
  CAMPAIGN_NOT_FOUND,
  CAMPAIGN_NOT_STARTED,
  unavailable,
} from "../../errors.js";
import { isLastDay } from "../../prizes/campaign.js";
import { createClaimUntil } from "../../results/claim.js";
import type { Services } from "../../services.js";
import { DEFAULT_CAMPAIGN } from "../../stores/keys.js";
import { whenOver } from "../connections/lines.js";
import { parseUsername } from "../input.js";
import { failures } from "../schemas/common.js";
import { DrawBody, DrawHeaders, Drawn } from "../schemas/draw.js";

const ignore = () => {};

const late = () => unavailable(new Error("the draw took too long"));

/** POST /draw */
export const drawRoute: FastifyPluginAsyncTypebox<Services> = async (
  app,
  { campaigns, claims, gate },
) => {
  const claimUntil = createClaimUntil();

  /** An answer that was cut off told nobody: the winner gets it on the next draw. */
  function settleWin(lane: Lane, outcome: Outcome, told: boolean): void {
    if (outcome.outcome !== "won") return;
    lane.settlements.add({
      ...outcome.settlement,
      telling: told ? "told" : "untold",
    });
  }

  function answer(outcome: Outcome, lane: Lane) {
    const { held, clock } = lane;
    const { draws_left, receipt } = outcome;
    if (outcome.outcome === "won") {
      const { title, settlement } = outcome;
      const claim_until = claimUntil(
        clock,
        settlement.draw_date,
        claims.daysOf(lane),
      );
      const { id: campaign_id } = held.campaign;
      // Nearly all are answered as they are.
      const isOther = campaign_id !== DEFAULT_CAMPAIGN;
      const result =
        isOther || claim_until !== undefined
          ? {
              ...outcome.result,
              ...(isOther && { campaign_id }),
              ...(claim_until !== undefined && { claim_until }),
            }
          : outcome.result;
      const message = `Congratulations! You have won a ${title}!`;
      const data =
        draws_left === undefined
          ? { message, result }
          : { message, result, draws_left };
      return !receipt && lane.days.isSealed(settlement.draw_date)
        ? {
            success: true as const,
            data,
            proof: `/proof/results/${outcome.result.id}`,
          }
        : { success: true as const, data };
    }
    const day = clock.day(outcome.draw_date);
    const isLast = isLastDay(held.campaign, day);
    const resets_at = isLast ? null : day.resetsAt;
    const message = messageOf(outcome, isLast);
    const data =
      draws_left === undefined
        ? { message, resets_at }
        : { message, resets_at, draws_left };
    // The published contract shows these under `message`, every other answer under `data`: both kinds of client work.
    return { success: true as const, data, message: data };
  }

  app.post(
    "/draw",
    {
      schema: {
        operationId: "draw",
        summary: "Draw",
        description:
          "Decides the user's draw of the day. Without a key, a win is repeated until it has been delivered once.",
        tags: ["draw"],
        body: DrawBody,
        headers: DrawHeaders,
        response: {
          200: Drawn,
          ...failures({
            INVALID_REQUEST: "username: is missing.",
            CAMPAIGN_NOT_FOUND,
            CAMPAIGN_NOT_STARTED,
            CAMPAIGN_ENDED,
          }),
        },
      },
    },
    async (request, reply) => {
      const userId = request.caller ?? parseUsername(request.body.username);
      const lane = campaigns.lane(request.body.campaign, userId);
      const key = request.headers["idempotency-key"];
      const drawing = gate.pass(() => lane.engine.draw(userId, key));
      let outcome: Outcome;
      try {
        outcome = await within(ANSWER_TIMEOUT_MS, drawing, late);
      } catch (error) {
        // Nobody is told of a win that is decided after the 503; the next draw will tell it.
        drawing.then((end) => settleWin(lane, end, false), ignore);
        throw error;
      }
      if (outcome.outcome === "won") {
        whenOver(reply.raw, (told) => settleWin(lane, outcome, told));
      }
      reply.header("cache-control", "no-store");
      const { receipt } = outcome;
      if (receipt) {
        reply
          .type("application/json; charset=utf-8")
          .serializer((payload) =>
            withReceipt(
              String(
                reply.serializeInput(payload as Record<string, unknown>, "200"),
              ),
              receipt,
            ),
          );
      }
      return answer(outcome, lane);
    },
  );
};

/** The receipt is JSON already: to write it once more, field by field, took 4 µs of a draw. */
const withReceipt = (answer: string, receipt: string): string =>
  `${answer.slice(0, -1)},"receipt":${receipt}}`;

function messageOf(
  { outcome, draws_left = 0 }: Outcome,
  isLast: boolean,
): string {
  if (outcome === "participated") {
    return isLast
      ? "You have already participated. This was the last day of the draw."
      : "You have already participated. Please come back tomorrow!";
  }
  if (draws_left > 0) return "Unlucky! Please try again!";
  return isLast
    ? "Unlucky! This was the last day of the draw."
    : "Unlucky! Please try again tomorrow!";
}
