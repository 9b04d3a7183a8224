import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { CountryCode } from "libphonenumber-js";
import type { Static } from "typebox";
import { ANSWER_TIMEOUT_MS, within } from "../../deadline.js";
import {
  ALREADY_REDEEMED,
  CLAIM_EXPIRED,
  invalid,
  RESULT_NOT_FOUND,
  unavailable,
} from "../../errors.js";
import type { Services } from "../../services.js";
import { DEFAULT_CAMPAIGN } from "../../stores/keys.js";
import { parsePhone, parseWinner } from "../input.js";
import { failures } from "../schemas/common.js";
import { RedeemedAnswer, RedeemFields } from "../schemas/redeem.js";

const late = () => unavailable(new Error("the redemption took too long"));

/** GET /redeem, with a JSON body or a query string, and POST /redeem. */
export const redeemRoute: FastifyPluginAsyncTypebox<Services> = async (
  app,
  { redemptions, claims, clock, country, gate },
) => {
  const described = {
    summary: "Redeem a win",
    tags: ["draw"],
    response: {
      200: RedeemedAnswer,
      ...failures({
        INVALID_REQUEST: "id: must be a UUID.",
        RESULT_NOT_FOUND,
        ALREADY_REDEEMED,
        CLAIM_EXPIRED,
      }),
    },
  };

  async function answer(
    { caller }: FastifyRequest,
    fields: Fields,
    reply: FastifyReply,
  ) {
    const redemption = {
      id: fields.id,
      user_id: caller ?? parseWinner(fields.username),
      phone_no: phoneOf(fields, country),
      now: clock.now(),
      since: claims.since(),
    };
    const { campaign_id, ...redeemed } = await within(
      ANSWER_TIMEOUT_MS,
      gate.pass(() => redemptions.redeem(redemption)),
      late,
    );
    const result = {
      ...redeemed,
      ...(campaign_id !== DEFAULT_CAMPAIGN && { campaign_id }),
    };
    reply.header("cache-control", "no-store");
    const message = "You have successfully redeemed your prize.";
    return { success: true as const, data: { message, result } };
  }

  app.post(
    "/redeem",
    {
      schema: {
        ...described,
        operationId: "redeem",
        description:
          "The same phone number again gets the same answer. A number may be added once where none was given.",
        body: RedeemFields,
      },
    },
    (request, reply) => answer(request, request.body, reply),
  );

  app.get(
    "/redeem",
    {
      // A HEAD must change nothing.
      exposeHeadRoute: false,
      schema: {
        ...described,
        operationId: "redeemByQuery",
        description:
          "The same as POST /redeem. The fields may also come as a JSON body, which then counts instead of the query string; this document can't describe a body of GET. What is in a URL ends up in logs: prefer POST.",
        querystring: RedeemFields,
      },
      preValidation: preferBody,
    },
    (request, reply) => answer(request, request.query, reply),
  );
};

type Fields = Static<typeof RedeemFields>;

/** In a GET with a body, the body counts: its fields replace those of the query string. */
async function preferBody(request: FastifyRequest) {
  request.query = request.body ?? request.query;
}

/** `phone_no`, or its alias `phoneNumber`, in E.164; null where there is none. */
function phoneOf(fields: Fields, country: CountryCode): string | null {
  const { phone_no, phoneNumber } = fields;
  const read = (field: string, text: string | null = null) =>
    text === null ? null : parsePhone(field, text, country);
  const one = read("phone_no", phone_no);
  const other = read("phoneNumber", phoneNumber);
  if (one && other && one !== other) {
    throw invalid(
      "phoneNumber",
      "is another name for phone_no: send one of them",
    );
  }
  return one ?? other;
}
