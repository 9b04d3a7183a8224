import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";
import type { Lane } from "../../campaigns/lane.js";
import { CAMPAIGN_NOT_FOUND } from "../../errors.js";
import { failures, NO_STORE } from "../../http/schemas/common.js";
import type { Services } from "../../services.js";
import { CampaignQuery } from "../schemas/common.js";
import { createFeed, type Feed, TOO_MANY } from "./feed.js";
import { createLiveFigures } from "./live-figures.js";
import { sampleMinutes } from "./minutes.js";

const EventStream = Type.String({
  description: "Events, until the caller or the server ends them.",
  headers: NO_STORE,
  examples: [
    `retry: 1000

id: 1
event: figures
data: {"at":"2026-11-22T02:40:12.345Z","stale":false,"problem":null,"date":"2026-11-22","resets_at":"2026-11-23T00:00:00+08:00","time_zone":"Asia/Hong_Kong","today":{"draws":600,"wins":3,"redemptions":1,"forfeited":0},"ever":{"draws":8200,"wins":41,"redemptions":30,"forfeited":0},"per_minute":[{"minute":"2026-11-22T02:40:00.000Z","draws":6,"wins":0}],"refusals":{"INVALID_REQUEST":3},"outbox":{"entries":0,"oldest_seconds":null},"prizes":[{"id":"FIVE_DOLLAR","title":"$5 Cash Coupon","probability":0.005,"daily_quota":100,"total_quota":500,"active":true,"taken_today":3,"taken_total":41,"left_today":97,"left_total":459,"forecast":{"daily_out_at":null,"total_out_at":null,"left_over_today":80,"warning":"80 units will be left over tonight."}}]}

`,
  ],
});

/** GET /admin/live: the figures as server-sent events, one a second. */
export const liveRoute: FastifyPluginAsyncTypebox<Services> = async (
  app,
  services,
) => {
  const { metrics, campaigns, sums } = services;
  const refusals = async () => (await sums?.refusals()) ?? app.refusals;
  const feeds = new Map<Lane, Feed>();
  const viewers = new Map<Lane, number>();
  let isEnding = false;

  function feedOf(lane: Lane): Feed {
    const known = feeds.get(lane);
    if (known) return known;
    const poll = createLiveFigures(services, lane, refusals, app.log);
    const feed = createFeed(poll, (count) => {
      viewers.set(lane, count);
      const all = [...viewers.values()].reduce((sum, n) => sum + n, 0);
      metrics?.liveViewers.set(all);
    });
    if (isEnding) feed.end();
    feeds.set(lane, feed);
    return feed;
  }

  // Of every minute, watched or not: whoever comes to look wants to see the last hour.
  let minutes: { stop(): void } | undefined;
  app.addHook("onListen", async () => {
    minutes = sampleMinutes(campaigns, services.clock);
  });
  app.addHook("onClose", async () => minutes?.stop());
  app.addHook("preClose", async () => {
    isEnding = true;
    for (const feed of feeds.values()) feed.end();
  });

  app.get(
    "/live",
    {
      schema: {
        operationId: "watchFigures",
        summary: "The figures, live",
        description:
          "Server-sent events, one a second: `event: figures`, with the figures of today and ever, draws and wins of each of the last 60 minutes, refusals by code at this server, the outbox, and each prize with a forecast. Each is the whole picture. Where a store does not answer, `stale` is true, `problem` says which, and the figures are the last ones.",
        tags: ["admin"],
        produces: ["text/event-stream"],
        querystring: CampaignQuery,
        response: {
          200: EventStream,
          ...failures({ UNAVAILABLE: TOO_MANY, CAMPAIGN_NOT_FOUND }),
        },
      },
    },
    async ({ query }, reply) => {
      const feed = feedOf(campaigns.lane(query.campaign));
      reply.type("text/event-stream");
      return feed.view() as unknown as string;
    },
  );
};
