import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import type { FastifyReply } from "fastify";
import { Failure, invalid } from "../errors.js";
import { Failed } from "../schemas.js";
import type { Services } from "../services.js";
import { readTable } from "../table-in-force.js";
import {
  type Change,
  changePrizes,
  type PrizeTable,
  readPrizeTable,
} from "./change-prizes.js";
import {
  ChangeHeaders,
  Preview,
  PrizeEdit,
  PrizeFields,
  PrizePath,
  PrizeTableAnswer,
  PrizeTableFields,
} from "./schemas.js";
import { readCounts, withUnits } from "./standing.js";

const BODY_LIMIT = 1_048_576;

const response = {
  200: PrizeTableAnswer,
  201: PrizeTableAnswer,
  default: Failed,
};

/** /admin/prizes: list, create, change, deactivate, replace all. Each answers with the whole table. */
export const prizeRoutes: FastifyPluginAsyncTypebox<Services> = async (
  app,
  services,
) => {
  const { postgres, prizes, redis, clock } = services;

  app.get(
    "/prizes",
    { schema: { response: { 200: PrizeTableAnswer, default: Failed } } },
    async (_request, reply) =>
      answer(await readPrizeTable(postgres), false, reply),
  );

  app.post(
    "/prizes",
    {
      bodyLimit: BODY_LIMIT,
      schema: {
        body: PrizeFields,
        querystring: Preview,
        headers: ChangeHeaders,
        response,
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
    return answer(table, preview, reply);
  }

  async function answer(
    table: PrizeTable,
    preview: boolean,
    reply: FastifyReply,
  ) {
    const { date } = clock.today();
    const counts = await readCounts(services, date);
    const problem = preview ? null : await problemOf(table);
    reply.header("etag", `"${table.version}"`);
    const data = {
      ...table,
      preview,
      date,
      in_force: !preview && problem === null,
      problem,
      prizes: withUnits(table.prizes, counts),
    };
    return { success: true as const, data };
  }

  /** Why a table is not in force, or null. */
  async function problemOf({ version }: PrizeTable): Promise<string | null> {
    try {
      if ((await readTable(redis))?.version === version) return null;
    } catch {
      return "Redis does not answer: what is saved comes into force when it does.";
    }
    return (
      prizes.problem() ??
      "The last edit is not in force yet: it is within two seconds."
    );
  }
};

/** The version that an If-Match names, or null for any. Throws PRECONDITION_REQUIRED and INVALID_REQUEST. */
function parseIfMatch(header: string | undefined): string | null {
  if (header === undefined) {
    throw new Failure(
      "PRECONDITION_REQUIRED",
      "If-Match: send the ETag of GET /admin/prizes, or * for whatever stands.",
    );
  }
  if (header === "*") return null;
  // A proxy that compresses makes an ETag weak.
  const version = /^(?:W\/)?"(\d{1,18})"$/.exec(header)?.[1];
  if (version === undefined) {
    throw invalid("If-Match", "must be the ETag of GET /admin/prizes, or *");
  }
  return version;
}
