import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import type { FastifyReply } from "fastify";
import { invalid } from "../../errors.js";
import { failures } from "../../http/schemas/common.js";
import type { Services } from "../../services.js";
import { PRECONDITION_REQUIRED, parseIfMatch } from "../prizes/if-match.js";
import {
  CampaignEdit,
  CampaignFields,
  CampaignPath,
  CampaignPreview,
  CampaignTableAnswer,
  OnceHeaders,
  OncePreview,
} from "../schemas/campaigns.js";
import { ChangeHeaders } from "../schemas/prizes.js";
import {
  type CampaignChange,
  type CampaignTable,
  changeCampaign,
  readCampaignTable,
} from "./change-campaign.js";

const REFUSED = {
  INVALID_REQUEST: "ends_at: must be after starts_at.",
  PRECONDITION_FAILED:
    "If-Match: the campaigns were changed meanwhile; read them again and send the new ETag.",
};

const CHANGE_REFUSED = {
  ...REFUSED,
  PRECONDITION_REQUIRED,
  CAMPAIGN_NOT_FOUND: "id: there is no campaign xmas.",
  CAMPAIGN_FROZEN:
    "frozen: campaign xmas has begun and is frozen; ends_at: it can only be later.",
};

const SHARED =
  "In force at all servers within two seconds; noted in the history.";

/** /admin/campaigns: list, create, change, deactivate. Each answers with all campaigns. */
export const campaignRoutes: FastifyPluginAsyncTypebox<Services> = async (
  app,
  { postgres, campaigns, settings },
) => {
  app.get(
    "/campaigns",
    {
      schema: {
        operationId: "listAllCampaigns",
        summary: "All campaigns, past and inactive ones too",
        description: "With their rules.",
        tags: ["admin"],
        response: { 200: CampaignTableAnswer, ...failures({}) },
      },
    },
    async (_request, reply) =>
      answer(await readCampaignTable(postgres), false, reply),
  );

  app.post(
    "/campaigns",
    {
      schema: {
        operationId: "createCampaign",
        summary: "Make a campaign",
        description: `It is active unless it says otherwise; give it prizes before it starts. ${SHARED}`,
        tags: ["admin"],
        body: CampaignFields,
        querystring: OncePreview,
        headers: OnceHeaders,
        response: {
          200: {
            ...CampaignTableAnswer,
            "x-response-description":
              "A preview: the campaigns as they would be.",
          },
          201: {
            ...CampaignTableAnswer,
            "x-response-description": "It is made: the campaigns as they are.",
          },
          ...failures({
            ...REFUSED,
            CAMPAIGN_EXISTS:
              "id: there is a campaign xmas already; change that one.",
          }),
        },
      },
    },
    async ({ body, query, headers }, reply) => {
      const table = await change(reply, query, headers, {
        mode: "create",
        campaign: body,
        expected: parseIfMatch(headers["if-match"] ?? "*"),
      });
      reply.code(query.preview ? 200 : 201);
      return table;
    },
  );

  app.patch(
    "/campaigns/:id",
    {
      schema: {
        operationId: "changeCampaign",
        summary: "Change a campaign",
        description: `What is given of it changes. ${SHARED}`,
        tags: ["admin"],
        params: CampaignPath,
        body: CampaignEdit,
        querystring: CampaignPreview,
        headers: ChangeHeaders,
        response: { 200: CampaignTableAnswer, ...failures(CHANGE_REFUSED) },
      },
    },
    ({ params, body, query, headers }, reply) =>
      change(reply, query, headers, {
        mode: "change",
        campaign: { ...body, id: params.id },
        expected: parseIfMatch(headers["if-match"]),
      }),
  );

  app.delete(
    "/campaigns/:id",
    {
      schema: {
        operationId: "deactivateCampaign",
        summary: "Make a campaign inactive",
        description: `Nobody can draw in it any more; what was won stays, and can be redeemed. ${SHARED}`,
        tags: ["admin"],
        params: CampaignPath,
        querystring: CampaignPreview,
        headers: ChangeHeaders,
        response: { 200: CampaignTableAnswer, ...failures(CHANGE_REFUSED) },
      },
    },
    ({ params, query, headers }, reply) =>
      change(reply, query, headers, {
        mode: "change",
        campaign: { id: params.id, active: false },
        expected: parseIfMatch(headers["if-match"]),
      }),
  );

  async function change(
    reply: FastifyReply,
    query: { preview?: "yes" },
    headers: { "x-changed-by"?: string },
    edit: Pick<CampaignChange, "mode" | "campaign" | "expected">,
  ) {
    const name = headers["x-changed-by"];
    const changed_by = name ? `admin: ${name}` : "admin";
    const preview = query.preview === "yes";
    if (edit.campaign.verifiable === true && !settings.PROOF_KEY) {
      throw invalid("verifiable", "needs the setting PROOF_KEY at all servers");
    }
    const table = await changeCampaign(postgres, {
      ...edit,
      changed_by,
      preview,
    });
    // Saved is saved: where Redis is away it comes into force when that is back.
    if (!preview) await campaigns.check().catch(() => {});
    return answer(table, preview, reply);
  }

  function answer(table: CampaignTable, preview: boolean, reply: FastifyReply) {
    reply.header("etag", `"${table.version}"`);
    return { success: true as const, data: { ...table, preview } };
  }
};
