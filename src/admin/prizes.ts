import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import type { FastifyReply } from "fastify";
import { Failed } from "../schemas.js";
import type { Services } from "../services.js";
import { answerTable } from "./answer-table.js";
import { type Change, changePrizes, readPrizeTable } from "./change-prizes.js";
import { parseIfMatch } from "./if-match.js";
import {
  ChangeHeaders,
  Preview,
  PrizeEdit,
  PrizeFields,
  PrizePath,
  PrizeTableAnswer,
  PrizeTableFields,
} from "./schemas.js";

const BODY_LIMIT = 1_048_576;

const response = {
  200: PrizeTableAnswer,
  404: Failed,
  412: Failed,
  428: Failed,
  default: Failed,
};

const created = {
  200: PrizeTableAnswer,
  201: PrizeTableAnswer,
  409: Failed,
  412: Failed,
  default: Failed,
};

/** /admin/prizes: list, create, change, deactivate, replace all. Each answers with the whole table. */
export const prizeRoutes: FastifyPluginAsyncTypebox<Services> = async (
  app,
  services,
) => {
  const { postgres, prizes } = services;

  app.get(
    "/prizes",
    {
      schema: {
        operationId: "listAllPrizes",
        summary: "All prizes, inactive ones too",
        tags: ["admin"],
        response: { 200: PrizeTableAnswer, default: Failed },
      },
    },
    async (_request, reply) =>
      answerTable(services, await readPrizeTable(postgres), false, reply),
  );

  app.post(
    "/prizes",
    {
      bodyLimit: BODY_LIMIT,
      schema: {
        operationId: "createPrize",
        summary: "Make a prize",
        tags: ["admin"],
        body: PrizeFields,
        querystring: Preview,
        headers: ChangeHeaders,
        response: created,
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
      bodyLimit: BODY_LIMIT,
      schema: {
        operationId: "replacePrizes",
        summary: "Replace all prizes",
        description:
          "All or none; prizes that are not listed are made inactive.",
        tags: ["admin"],
        body: PrizeTableFields,
        querystring: Preview,
        headers: ChangeHeaders,
        response,
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
        summary: "Change what is given of a prize",
        tags: ["admin"],
        params: PrizePath,
        body: PrizeEdit,
        querystring: Preview,
        headers: ChangeHeaders,
        response,
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
        tags: ["admin"],
        params: PrizePath,
        querystring: Preview,
        headers: ChangeHeaders,
        response,
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
    query: { preview?: "yes" },
    headers: { "x-changed-by"?: string },
    edit: Pick<Change, "mode" | "prizes" | "expected">,
  ) {
    const name = headers["x-changed-by"];
    const actor = name ? `admin: ${name}` : "admin";
    const preview = query.preview === "yes";
    const table = await changePrizes(postgres, { ...edit, actor, preview });
    // Saved is saved: where Redis is away it comes into force when that is back.
    if (!preview) await prizes.reload().catch(() => {});
    return answerTable(services, table, preview, reply);
  }
};
