import { createHash } from "node:crypto";
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import type { Static } from "typebox";
import { createBatcher } from "../../batch.js";
import type { Clock } from "../../clock.js";
import { unavailable } from "../../errors.js";
import { readStock } from "../../prizes/stock.js";
import type { Services } from "../../services.js";
import type { Redis } from "../../stores/redis.js";
import { failures } from "../schemas/common.js";
import { NOT_MODIFIED, PrizesAnswer } from "../schemas/prizes.js";

/** More than the gate lets in at once. */
const MOST_WAITING = 1_000;

/** How long what several callers asked for at once is also given to the next ones. A lone caller always gets a new read. */
const REUSE_MS = 5;

/** An answer as it goes out, made once for all who get it. */
type Listing = { body: string; etag: string };

/** GET /prizes: the prizes in force and what is left of them. */
export const prizesRoute: FastifyPluginAsyncTypebox<Services> = async (
  app,
  { redis, clock, gate, prizes },
) => {
  let last: Promise<Listing> | undefined;
  let lastUntil = 0;
  // One read for all who ask meanwhile: 34,000 pipelined requests with one each kept draws waiting for seconds.
  const listings = createBatcher<undefined, Listing>(async (asking) => {
    const now = performance.now();
    if (!last || now >= lastUntil) {
      last = readListing(redis, clock);
      lastUntil = asking.length > 1 ? now + REUSE_MS : 0;
    }
    const listing = await last;
    return asking.map(() => listing);
  }, MOST_WAITING);

  app.get(
    "/prizes",
    {
      schema: {
        operationId: "listPrizes",
        summary: "The prizes and what is left of them",
        description:
          "The prizes in force with their odds. What is left is as of this moment, and no promise.",
        tags: ["prizes"],
        response: { 200: PrizesAnswer, 304: NOT_MODIFIED, ...failures({}) },
      },
    },
    async (request, reply) => {
      // What Redis holds is not this product's.
      const stop = prizes.stop();
      if (stop) throw unavailable(new Error(stop));
      const { body, etag } = await gate.pass(() => listings.add(undefined));
      reply.header("etag", etag).header("cache-control", "no-cache");
      if (request.headers["if-none-match"]?.includes(etag)) {
        return reply.code(304).send(undefined as never);
      }
      // A text that already is JSON: no schema has to look at it again for each caller.
      reply.header("content-type", "application/json; charset=utf-8");
      return reply.serializer(String).send(body as never);
    },
  );
};

async function readListing(redis: Redis, clock: Clock): Promise<Listing> {
  const { date, resetsAt: resets_at } = clock.today();
  const stocks = await readStock(redis, clock);
  const answer: Static<typeof PrizesAnswer> = {
    success: true,
    data: {
      date,
      resets_at,
      prizes: stocks.map((it) => ({
        id: it.id,
        title: it.title,
        probability: it.probability,
        daily_quota: it.daily_quota,
        total_quota: it.total_quota,
        fallback: it.fallback ?? false, // a server of before fallbacks lists none
        left_today: it.left_today,
        left_total: it.left_total,
      })),
    },
  };
  const body = JSON.stringify(answer);
  const hash = createHash("sha256").update(body).digest("base64url");
  return { body, etag: `"${hash.slice(0, 22)}"` };
}
