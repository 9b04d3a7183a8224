import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { ANSWER_TIMEOUT_MS, within } from "../../deadline.js";
import type { Outcome } from "../../engine/engine.js";
import { unavailable } from "../../errors.js";
import { createClaimUntil } from "../../results/claim.js";
import type { Services } from "../../services.js";
import { whenOver } from "../connections/lines.js";
import { parseUsername } from "../input.js";
import { failures } from "../schemas/common.js";
import { DrawBody, DrawHeaders, Drawn } from "../schemas/draw.js";

const ignore = () => {};

const late = () => unavailable(new Error("the draw took too long"));

/** POST /draw */
export const drawRoute: FastifyPluginAsyncTypebox<Services> = async (
  app,
  { engine, settlements, clock, gate, settings },
) => {
  const claimUntil = createClaimUntil(clock, settings.CLAIM_DAYS);
  const resetsAt = (date: string) => clock.day(date).resetsAt;

  /** An answer that was cut off told nobody: the winner gets it on the next draw. */
  function settleWin(outcome: Outcome, told: boolean): void {
    if (outcome.outcome !== "won") return;
    settlements.add({
      ...outcome.settlement,
      telling: told ? "told" : "untold",
    });
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
          ...failures({ INVALID_REQUEST: "username: is missing." }),
        },
      },
    },
    async (request, reply) => {
      const userId = request.caller ?? parseUsername(request.body.username);
      const key = request.headers["idempotency-key"];
      const drawing = gate.pass(() => engine.draw(userId, key));
      let outcome: Outcome;
      try {
        outcome = await within(ANSWER_TIMEOUT_MS, drawing, late);
      } catch (error) {
        // Nobody is told of a win that is decided after the 503; the next draw will tell it.
        drawing.then((end) => settleWin(end, false), ignore);
        throw error;
      }
      if (outcome.outcome === "won") {
        whenOver(reply.raw, (told) => settleWin(outcome, told));
      }
      reply.header("cache-control", "no-store");
      return answer(outcome, resetsAt, claimUntil);
    },
  );
};

function answer(
  outcome: Outcome,
  resetsAt: (date: string) => string,
  claimUntil: ((date: string) => string) | undefined,
) {
  if (outcome.outcome === "won") {
    const { title, settlement } = outcome;
    const result = claimUntil
      ? { ...outcome.result, claim_until: claimUntil(settlement.draw_date) }
      : outcome.result;
    const message = `Congratulations! You have won a ${title}!`;
    return { success: true as const, data: { message, result } };
  }
  const data = {
    message: SENTENCES[outcome.outcome],
    resets_at: resetsAt(outcome.draw_date),
  };
  // The published contract shows these under `message`, every other answer under `data`: both kinds of client work.
  return { success: true as const, data, message: data };
}

const SENTENCES = {
  no_prize: "Unlucky! Please try again tomorrow!",
  participated: "You have already participated. Please come back tomorrow!",
};
