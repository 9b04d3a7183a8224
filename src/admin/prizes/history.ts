import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { CAMPAIGN_NOT_FOUND } from "../../errors.js";
import { decodeCursor, encodeCursor } from "../../http/cursor.js";
import { failures } from "../../http/schemas/common.js";
import type { Services } from "../../services.js";
import type { Postgres } from "../../stores/postgres.js";
import type { CampaignRow } from "../campaigns/change-campaign.js";
import { HistoryAnswer, HistoryQuery } from "../schemas/history.js";
import type { PrizeRow } from "./change-prizes.js";

/** GET /admin/history: every change of a campaign and its prizes, newest first. */
export const historyRoute: FastifyPluginAsyncTypebox<Services> = async (
  app,
  { postgres, campaigns },
) => {
  app.get(
    "/history",
    {
      schema: {
        operationId: "listPrizeChanges",
        summary: "Every change of a campaign and its prizes",
        description:
          "Newest first. `before` is null where it was created, `after` where it was deleted; `prize_id` where the campaign itself was changed.",
        tags: ["admin"],
        querystring: HistoryQuery,
        response: {
          200: HistoryAnswer,
          ...failures({
            INVALID_REQUEST: "limit: must be a whole number from 1 to 200.",
            CAMPAIGN_NOT_FOUND,
          }),
        },
      },
    },
    async ({ query }) => {
      const limit = Number(query.limit ?? 50);
      const [before] = query.cursor
        ? decodeCursor(query.cursor, /^(\d{1,18})$/)
        : [];
      const { held } = campaigns.lane(query.campaign);
      const rows = await readChanges(
        postgres,
        { campaign: held.campaign.id, prize_id: query.prize_id },
        before,
        limit + 1,
      );
      const page = rows.slice(0, limit);
      const last = rows.length > limit ? page.at(-1) : undefined;
      const data = {
        changes: page.map((row) => ({
          ...row,
          changed_at: row.changed_at.toISOString(),
        })),
        next_cursor: last ? encodeCursor(last.id) : null,
      };
      return { success: true as const, data };
    },
  );
};

type PrizeChange = {
  id: string;
  changed_at: Date;
  changed_by: string;
  /** of the database, null where it is not known */
  role: string | null;
  /** null: the campaign itself was changed */
  prize_id: string | null;
  /** null: it was created */
  before: PrizeRow | CampaignRow | null;
  /** null: it was deleted */
  after: PrizeRow | CampaignRow | null;
};

function readChanges(
  postgres: Postgres,
  { campaign, prize_id }: { campaign: string; prize_id: string | undefined },
  before: string | undefined,
  count: number,
): Promise<PrizeChange[]> {
  return postgres.query(
    (sql) => sql<PrizeChange[]>`
      select id, changed_at, changed_by, role, prize_id, before, after
      from prize_change
      where id < ${before ?? "9223372036854775807"}::text::bigint
        and campaign_id = ${campaign}
        ${prize_id === undefined ? sql`` : sql`and prize_id = ${prize_id}`}
      order by id desc
      limit ${count}`,
  );
}
