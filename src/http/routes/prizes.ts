import { createHash } from "node:crypto";
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import type { Static } from "typebox";
import { createBatcher } from "../../batch.js";
import type { Lane } from "../../campaigns/lane.js";
import { campaignNotFound } from "../../engine/closed.js";
import { CAMPAIGN_NOT_FOUND, unavailable } from "../../errors.js";
import { isLastDay } from "../../prizes/campaign.js";
import { readStock } from "../../prizes/stock.js";
import type { Services } from "../../services.js";
import { failures } from "../schemas/common.js";
import { NOT_MODIFIED, PrizesAnswer, PrizesQuery } from "../schemas/prizes.js";

/** More than the gate lets in at once. */
const MOST_WAITING = 1_000;

/** How long what several callers asked for at once is also given to the next ones. A lone caller always gets a new read. */
const REUSE_MS = 5;

/** An answer as it goes out, made once for all who get it. */
type Listing = { body: string; etag: string };

/** GET /prizes: the prizes in force and what is left of them. */
export const prizesRoute: FastifyPluginAsyncTypebox<Services> = async (
  app,
  { campaigns, gate },
) => {
  const listings = new WeakMap<Lane, () => Promise<Listing>>();

  function listingOf(lane: Lane): Promise<Listing> {
    const known = listings.get(lane) ?? createListings(lane);
    listings.set(lane, known);
    return known();
  }

  app.get(
    "/prizes",
    {
      schema: {
        operationId: "listPrizes",
        summary: "The prizes and what is left of them",
        description:
          "The prizes in force with their odds. What is left is as of this moment, and no promise.",
        tags: ["prizes"],
        querystring: PrizesQuery,
        response: {
          200: PrizesAnswer,
          304: NOT_MODIFIED,
          ...failures({ CAMPAIGN_NOT_FOUND }),
        },
      },
    },
    async (request, reply) => {
      const lane = campaigns.lane(request.query.campaign);
      if (!lane.held.campaign.active) throw campaignNotFound();
      // What Redis holds is not this product's.
      const stop = lane.prizes.stop();
      if (stop) throw unavailable(new Error(stop));
      const { body, etag } = await gate.pass(() => listingOf(lane));
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

/** One read for all who ask meanwhile: 34,000 pipelined requests with one each kept draws waiting for seconds. */
function createListings(lane: Lane): () => Promise<Listing> {
  let last: Promise<Listing> | undefined;
  let lastUntil = 0;
  const listings = createBatcher<undefined, Listing>(async (asking) => {
    const now = performance.now();
    if (!last || now >= lastUntil) {
      last = readListing(lane);
      lastUntil = asking.length > 1 ? now + REUSE_MS : 0;
    }
    const listing = await last;
    return asking.map(() => listing);
  }, MOST_WAITING);
  return () => listings.add(undefined);
}

async function readListing(lane: Lane): Promise<Listing> {
  // The campaign's table may not be in force yet, where nobody has asked for it before.
  if (!lane.prizes.isFresh()) await lane.prizes.reload();
  const day = lane.clock.today();
  const { date } = day;
  const isLast = isLastDay(lane.held.campaign, day);
  const resets_at = isLast ? null : day.resetsAt;
  const stocks = await readStock(lane);
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
        ...(it.released_today !== undefined && {
          released_today: it.released_today,
          next_release_at: it.next_release_at ?? null,
        }),
      })),
    },
  };
  const body = JSON.stringify(answer);
  const hash = createHash("sha256").update(body).digest("base64url");
  return { body, etag: `"${hash.slice(0, 22)}"` };
}
