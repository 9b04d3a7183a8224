import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import type { FastifyReply } from "fastify";
import { CAMPAIGN_NOT_FOUND } from "../../errors.js";
import { failures } from "../../http/schemas/common.js";
import type { Services } from "../../services.js";
import { CampaignQuery } from "../schemas/common.js";
import { PrizeTableAnswer } from "../schemas/prize-table.js";
import {
  ChangeHeaders,
  CreateHeaders,
  Preview,
  PrizeEdit,
  PrizeFields,
  PrizePath,
  PrizeTableFields,
} from "../schemas/prizes.js";
import { answerTable } from "./answer-table.js";
import { type Change, changePrizes, readPrizeTable } from "./change-prizes.js";
import { PRECONDITION_REQUIRED, parseIfMatch } from "./if-match.js";

const BODY_LIMIT_BYTES = 1_048_576;

const REFUSED = {
  INVALID_REQUEST:
    "probability: the odds of the active prizes would sum to 1.2; lower them to 1 at most.",
  PRECONDITION_FAILED:
    "If-Match: the prizes were changed meanwhile; read them again and send the new ETag.",
  CAMPAIGN_NOT_FOUND,
};

const CHANGE_REFUSED = {
  ...REFUSED,
  PRECONDITION_REQUIRED,
  CAMPAIGN_FROZEN:
    "frozen: campaign default has begun and is frozen; probability: the odds of MUG can only be raised.",
};

const NOT_FOUND = { PRIZE_NOT_FOUND: "id: there is no prize MUG." };

const SHARED =
  "Checked as a whole, saved as a whole, in force at all servers within two seconds; noted in the history.";

/** /admin/prizes: list, create, change, deactivate, replace all. Each answers with the whole table. */
export const prizeRoutes: FastifyPluginAsyncTypebox<Services> = async (
  app,
  services,
) => {
  const { postgres, campaigns } = services;

  app.get(
    "/prizes",
    {
      schema: {
        operationId: "listAllPrizes",
        summary: "All prizes, inactive ones too",
        description:
          "With what is taken and left of them, and whether draws go by them already.",
        tags: ["admin"],
        querystring: CampaignQuery,
        response: {
          200: PrizeTableAnswer,
          ...failures({ CAMPAIGN_NOT_FOUND }),
        },
      },
    },
    async ({ query }, reply) => {
      const lane = campaigns.lane(query.campaign);
      const table = await readPrizeTable(postgres, lane.held.campaign.id);
      return answerTable(lane, table, false, reply);
    },
  );

  app.post(
    "/prizes",
    {
      bodyLimit: BODY_LIMIT_BYTES,
      schema: {
        operationId: "createPrize",
        summary: "Make a prize",
        description: SHARED,
        tags: ["admin"],
        body: PrizeFields,
        querystring: Preview,
        headers: CreateHeaders,
        response: {
          200: {
            ...PrizeTableAnswer,
            "x-response-description": "A preview: the prizes as they would be.",
          },
          201: {
            ...PrizeTableAnswer,
            "x-response-description": "It is made: the prizes as they are.",
          },
          ...failures({
            ...REFUSED,
            PRIZE_EXISTS: "id: there is a prize MUG already; change that one.",
          }),
        },
      },
    },
    async ({ body, query, headers }, reply) => {
      const table = await change(reply, query, headers, {
        mode: "create",
        prizes: [body],
        expected: parseIfMatch(headers["if-match"] ?? "*"),
      });
      reply.code(query.preview ? 200 : 201);
      return table;
    },
  );

  app.put(
    "/prizes",
    {
      bodyLimit: BODY_LIMIT_BYTES,
      schema: {
        operationId: "replacePrizes",
        summary: "Replace all prizes",
        description: `Prizes that are not listed are made inactive. ${SHARED}`,
        tags: ["admin"],
        body: PrizeTableFields,
        querystring: Preview,
        headers: ChangeHeaders,
        response: { 200: PrizeTableAnswer, ...failures(CHANGE_REFUSED) },
      },
    },
    ({ body, query, headers }, reply) =>
      change(reply, query, headers, {
        mode: "replace",
        prizes: body.prizes,
        expected: parseIfMatch(headers["if-match"]),
      }),
  );

  app.patch(
    "/prizes/:id",
    {
      schema: {
        operationId: "changePrize",
        summary: "Change a prize",
        description: `What is given of it changes. ${SHARED}`,
        tags: ["admin"],
        params: PrizePath,
        body: PrizeEdit,
        querystring: Preview,
        headers: ChangeHeaders,
        response: {
          200: PrizeTableAnswer,
          ...failures({ ...CHANGE_REFUSED, ...NOT_FOUND }),
        },
      },
    },
    ({ params, body, query, headers }, reply) =>
      change(reply, query, headers, {
        mode: "change",
        prizes: [{ ...body, id: params.id }],
        expected: parseIfMatch(headers["if-match"]),
      }),
  );

  app.delete(
    "/prizes/:id",
    {
      schema: {
        operationId: "deactivatePrize",
        summary: "Make a prize inactive",
        description: `It can't be won any more; what was won of it stays. ${SHARED}`,
        tags: ["admin"],
        params: PrizePath,
        querystring: Preview,
        headers: ChangeHeaders,
        response: {
          200: PrizeTableAnswer,
          ...failures({ ...CHANGE_REFUSED, ...NOT_FOUND }),
        },
      },
    },
    ({ params, query, headers }, reply) =>
      change(reply, query, headers, {
        mode: "change",
        prizes: [{ id: params.id, active: false }],
        expected: parseIfMatch(headers["if-match"]),
      }),
  );

  async function change(
    reply: FastifyReply,
    query: { preview?: "yes"; campaign?: string },
    headers: { "x-changed-by"?: string },
    edit: Pick<Change, "mode" | "prizes" | "expected">,
  ) {
    const name = headers["x-changed-by"];
    const changed_by = name ? `admin: ${name}` : "admin";
    const preview = query.preview === "yes";
    const lane = campaigns.lane(query.campaign);
    const table = await changePrizes(postgres, {
      ...edit,
      changed_by,
      preview,
      campaign: lane.held.campaign.id,
    });
    // Saved is saved: where Redis is away it comes into force when that is back.
    if (!preview) await lane.prizes.reload().catch(() => {});
    return answerTable(lane, table, preview, reply);
  }
};
