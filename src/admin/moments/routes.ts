import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { CAMPAIGN_NOT_FOUND, invalid } from "../../errors.js";
import { decodeCursor, encodeCursor } from "../../http/cursor.js";
import { failures } from "../../http/schemas/common.js";
import type { Services } from "../../services.js";
import { CampaignPath } from "../schemas/campaigns.js";
import {
  CertificateAnswer,
  DeletedAnswer,
  MomentsAnswer,
  MomentsFields,
  MomentsPrize,
  MomentsQuery,
} from "../schemas/moments.js";
import { CreateHeaders } from "../schemas/prizes.js";
import { addMoments, deleteMoments, readMoments } from "./moments.js";

const FIRST = { at: "-infinity", id: "0" };

const BODY_LIMIT_BYTES = 1_048_576;

const REFUSED = {
  CAMPAIGN_NOT_FOUND,
  CAMPAIGN_FROZEN:
    "frozen: campaign default has begun and is frozen; its moments stay.",
};

/** /admin/campaigns/:id/moments: list, add, delete those of a prize that are not claimed. */
export const momentRoutes: FastifyPluginAsyncTypebox<Services> = async (
  app,
  { postgres, campaigns },
) => {
  app.get(
    "/campaigns/:id/moments",
    {
      schema: {
        operationId: "listMoments",
        summary: "The winning moments of a campaign",
        description: "The earliest first, claimed ones too.",
        tags: ["admin"],
        params: CampaignPath,
        querystring: MomentsQuery,
        response: {
          200: MomentsAnswer,
          ...failures({
            INVALID_REQUEST: "limit: must be a whole number from 1 to 200.",
            CAMPAIGN_NOT_FOUND,
          }),
        },
      },
    },
    async ({ params, query }) => {
      const { held } = campaigns.lane(params.id);
      const limit = Number(query.limit ?? 50);
      const [at, id] = query.cursor
        ? decodeCursor(query.cursor, /^([\dTZ:.-]{20,30}) (\d{1,18})$/)
        : [];
      const after = at && id ? { at, id } : FIRST;
      const rows = await readMoments(
        postgres,
        held.campaign.id,
        after,
        limit + 1,
      );
      const page = rows.slice(0, limit);
      const last = rows.length > limit ? page.at(-1) : undefined;
      const data = {
        moments: page.map((row) => ({
          ...row,
          at: row.at.toISOString(),
          created_at: row.created_at.toISOString(),
        })),
        next_cursor: last ? encodeCursor(last.at.toISOString(), last.id) : null,
      };
      return { success: true as const, data };
    },
  );

  app.post(
    "/campaigns/:id/moments",
    {
      bodyLimit: BODY_LIMIT_BYTES,
      schema: {
        operationId: "addMoments",
        summary: "Add winning moments",
        description:
          "All or none. The first draw from a moment on wins a unit of its prize, before the odds are looked at.",
        tags: ["admin"],
        params: CampaignPath,
        body: MomentsFields,
        headers: CreateHeaders,
        response: {
          201: CertificateAnswer,
          ...failures({
            INVALID_REQUEST: "prize_id: must be a prize of the campaign xmas.",
            ...REFUSED,
          }),
        },
      },
    },
    async ({ params, body, headers }, reply) => {
      const { held, prizes } = campaigns.lane(params.id);
      const name = headers["x-changed-by"];
      const to = {
        campaign: held.campaign.id,
        prize_id: body.prize_id,
        changed_by: name ? `admin: ${name}` : "admin",
      };
      const moments = body.moments.map(momentOf);
      const data = await addMoments(postgres, to, moments);
      await prizes.reload().catch(() => {}); // in force when Redis is back
      return reply.code(201).send({ success: true as const, data });
    },
  );

  app.delete(
    "/campaigns/:id/moments",
    {
      schema: {
        operationId: "deleteMoments",
        summary: "Delete the moments of a prize that are not claimed",
        description: "Claimed ones stay.",
        tags: ["admin"],
        params: CampaignPath,
        querystring: MomentsPrize,
        response: {
          200: DeletedAnswer,
          ...failures({ INVALID_REQUEST: "prize_id: is missing.", ...REFUSED }),
        },
      },
    },
    async ({ params, query }) => {
      const { held, prizes } = campaigns.lane(params.id);
      const of = { campaign: held.campaign.id, prize_id: query.prize_id };
      const deleted = await deleteMoments(postgres, of);
      await prizes.reload().catch(() => {});
      return { success: true as const, data: { deleted } };
    },
  );
};

/** Milliseconds since the epoch. Throws INVALID_REQUEST. */
function momentOf(text: string, n: number): number {
  const at = Date.parse(text);
  if (Number.isNaN(at)) {
    throw invalid(
      `moments[${n}]`,
      "must be a moment such as 2026-12-24T18:00:00Z",
    );
  }
  return at;
}
