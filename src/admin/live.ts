import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";
import { Failed } from "../schemas.js";
import type { Services } from "../services.js";
import { createFeed } from "./feed.js";
import { createLiveFigures } from "./live-figures.js";
import { sampleMinutes } from "./minutes.js";

const EventStream = Type.String({
  description: "Server-sent events, without an end.",
  examples: [
    'retry: 1000\n\nid: 1\nevent: figures\ndata: {"at":"2026-11-22T09:41:44.397Z","stale":false,"problem":null}\n\n',
  ],
});

/** GET /admin/live: the figures as server-sent events, one a second. */
export const liveRoute: FastifyPluginAsyncTypebox<Services> = async (
  app,
  services,
) => {
  const poll = createLiveFigures(services, () => app.refusals, app.log);
  const feed = createFeed(poll);
  // Of every minute, watched or not: whoever comes to look wants to see the last hour.
  let minutes: { stop(): void } | undefined;
  app.addHook("onListen", async () => {
    minutes = sampleMinutes(services.redis, services.clock);
  });
  app.addHook("onClose", async () => minutes?.stop());
  app.addHook("preClose", async () => feed.end());

  app.get(
    "/live",
    {
      schema: {
        operationId: "watchFigures",
        summary: "The figures, live",
        description:
          "Server-sent events, one a second: `event: figures`, with the figures of today and ever, draws and wins of each of the last 60 minutes, refusals by code at this server, the outbox, and each prize with a forecast. Each is the whole picture. Where a store does not answer, `stale` is true, `problem` says which, and the figures are the last ones.",
        tags: ["admin"],
        response: {
          200: {
            description: "Server-sent events, without an end.",
            content: { "text/event-stream": { schema: EventStream } },
          },
          default: Failed,
        },
      },
    },
    async (_request, reply) => {
      reply.type("text/event-stream");
      return feed.view() as unknown as string;
    },
  );
};
