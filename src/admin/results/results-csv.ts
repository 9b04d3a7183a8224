import { Readable } from "node:stream";
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { CAMPAIGN_NOT_FOUND } from "../../errors.js";
import { failures } from "../../http/schemas/common.js";
import type { Services } from "../../services.js";
import { CsvQuery, ResultsCsv } from "../schemas/results.js";
import { countDay, dayPages } from "./day-pages.js";
import { winnersCsv } from "./winners-csv.js";

/** GET /admin/results.csv: all wins of a day, streamed as fast as they are taken. */
export const resultsCsvRoute: FastifyPluginAsyncTypebox<Services> = async (
  app,
  { postgres, campaigns, claims },
) => {
  app.get(
    "/results.csv",
    {
      schema: {
        operationId: "exportResults",
        summary: "Wins of a day as CSV",
        description:
          "Streamed; a connection that breaks means that the file is not whole. Texts that a spreadsheet would take for formulas begin with an apostrophe.",
        tags: ["admin"],
        querystring: CsvQuery,
        response: {
          200: ResultsCsv,
          ...failures({
            INVALID_REQUEST: "day: must be a date such as 2026-11-22.",
            CAMPAIGN_NOT_FOUND,
          }),
        },
      },
    },
    async ({ query }, reply) => {
      const lane = campaigns.lane(query.campaign);
      const { id: campaign } = lane.held.campaign;
      const day = query.day ?? lane.clock.today().date;
      const filter = { ...query, campaign, day };
      const since = claims.sinceOf(lane);
      if (!query.state) {
        reply.header("x-total-count", await countDay(postgres, filter));
      }
      const phones = query.phones === "yes";
      const pages = dayPages(postgres, filter, since);
      // What fails before the first page has a status; after it, only a broken connection tells of a failure.
      const first = await pages.next();
      const csv = winnersCsv(resume(first, pages), { phones, since });
      reply.type("text/csv; charset=utf-8");
      reply.header(
        "content-disposition",
        `attachment; filename="winners-${filter.day}.csv"`,
      );
      // The schema's string goes out as a stream.
      return reply.send(Readable.from(csv, { objectMode: false }) as never);
    },
  );
};

/** A generator from its first value on, which was taken already. */
async function* resume<T>(
  first: IteratorResult<T>,
  rest: AsyncGenerator<T>,
): AsyncGenerator<T> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}
