import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { within } from "../deadline.js";
import type { Outcome } from "../draw.js";
import { unavailable } from "../errors.js";
import { parseUsername } from "../input.js";
import { DrawBody, DrawHeaders, Drawn, Failed } from "../schemas.js";
import type { Services } from "../services.js";

/** A caller has its answer or a 503 within two seconds, with half a second to spare for a busy machine. */
const PATIENCE = 1_500;

const late = () => unavailable(new Error("the draw took too long"));

/** POST /draw */
export const drawRoute: FastifyPluginAsyncTypebox<Services> = async (
  app,
  { engine, settle, clock },
) => {
  app.decorateRequest("settlement", null);

  app.post(
    "/draw",
    {
      schema: {
        body: DrawBody,
        headers: DrawHeaders,
        response: { 200: Drawn, default: Failed },
      },
      // Runs only where the whole answer went out. One that was cut off has told nobody: the sweeper strikes the win
      // off, and the winner gets it on the next try.
      onResponse: async ({ settlement }, { raw }) => {
        if (!settlement || !raw.writableFinished) return;
        await settle.settle({ ...settlement, delivered: true });
      },
    },
    async (request, reply) => {
      const userId = parseUsername(request.body.username);
      const key = request.headers["idempotency-key"];
      const outcome = await within(PATIENCE, engine.draw(userId, key), late);
      reply.header("cache-control", "no-store");
      if (outcome.outcome === "won") request.settlement = outcome.settlement;
      return answer(outcome, (date) => clock.day(date).resetsAt);
    },
  );
};

function answer(outcome: Outcome, resetsAt: (date: string) => string) {
  if (outcome.outcome === "won") {
    const { result, title } = outcome;
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

declare module "fastify" {
  interface FastifyRequest {
    settlement: Extract<Outcome, { outcome: "won" }>["settlement"] | null;
  }
}
