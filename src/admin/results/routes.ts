import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import type { Static } from "typebox";
import { CAMPAIGN_NOT_FOUND } from "../../errors.js";
import { dateOf, decodeCursor, encodeCursor } from "../../http/cursor.js";
import { LONGEST_SUBJECT, parsePhone, parseWinner } from "../../http/input.js";
import { failures } from "../../http/schemas/common.js";
import { stateOf } from "../../results/claim.js";
import type { Services } from "../../services.js";
import { ResultsAnswer, ResultsQuery } from "../schemas/results.js";
import { readDayPage } from "./day-pages.js";
import { type ResultRow, readWhose } from "./find-results.js";

/** Wins that a page with a state reads at most, to find those in it. */
const MOST_READ = 5_000;

type Query = Static<typeof ResultsQuery>;

type Page = { rows: ResultRow[]; next_cursor: string | null };

/** Where a page over all days ended: the date and the id of its last win. */
const AFTER =
  /^([12]\d{3}-\d\d-\d\d) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** GET /admin/results: the wins of a day, or of a user, a phone number or an id over all days. */
export const foundResultsRoute: FastifyPluginAsyncTypebox<Services> = async (
  app,
  { postgres, campaigns, claims, country },
) => {
  app.get(
    "/results",
    {
      schema: {
        operationId: "listResults",
        summary: "Wins of a day, or of a user, phone number or id",
        description:
          "With `username`, `phone_no` or `id`: over all days, newest first. Else of one day, by prize, the latest unit first. With `state` a page may be shorter than `limit`, even empty: page on until `next_cursor` is null.",
        tags: ["admin"],
        querystring: ResultsQuery,
        response: {
          200: ResultsAnswer,
          ...failures({
            INVALID_REQUEST: "state: must be open, redeemed or forfeited.",
            CAMPAIGN_NOT_FOUND,
          }),
        },
      },
    },
    async ({ query }) => {
      const { id, username, phone_no, phones } = query;
      const lane = campaigns.lane(query.campaign);
      const { id: campaign } = lane.held.campaign;
      const since = claims.sinceOf(lane);
      const limit = Number(query.limit ?? 50);
      const isOfDay = (id ?? username ?? phone_no) === undefined;
      const date = query.day ?? (isOfDay ? lane.clock.today().date : null);
      const { rows, next_cursor } = isOfDay
        ? await ofDay({ ...query, campaign, day: date ?? "" }, since, limit)
        : await ofWhom({ ...query, campaign }, since, limit);
      const results = rows.map(({ phone_no, ...row }) => ({
        ...row,
        ...(phones === "yes" && { phone_no }),
        created_at: row.created_at.toISOString(),
        state: stateOf(row, since),
        redeemed_at: row.redeemed_at?.toISOString() ?? null,
      }));
      return { success: true as const, data: { date, results, next_cursor } };
    },
  );

  async function ofDay(
    query: Query & { campaign: string; day: string },
    since: string | undefined,
    limit: number,
  ): Promise<Page> {
    const [prize_id = "", day_unit] = query.cursor
      ? decodeCursor(query.cursor, /^([\w.-]{1,64}) (\d{1,15})$/)
      : [];
    const after = prize_id
      ? { prize_id, day_unit: Number(day_unit) }
      : undefined;
    // Redeemed ones have an index; to find the others many may have to be read.
    const isScan = query.state !== undefined && query.state !== "redeemed";
    const count = isScan ? MOST_READ : limit + 1;
    const page = await readDayPage(postgres, query, since, {
      after,
      count,
    });
    const rows = page.results.slice(0, limit);
    const last = page.results.length > limit ? rows.at(-1) : page.next;
    return {
      rows,
      next_cursor: last ? encodeCursor(last.prize_id, last.day_unit) : null,
    };
  }

  async function ofWhom(
    query: Query,
    since: string | undefined,
    limit: number,
  ): Promise<Page> {
    const { id, username, phone_no } = query;
    const whose = {
      id,
      user_id:
        username === undefined
          ? undefined
          : parseWinner(username, LONGEST_SUBJECT),
      phone_no:
        phone_no === undefined
          ? undefined
          : parsePhone("phone_no", phone_no, country),
    };
    const [date, before = ""] = query.cursor
      ? decodeCursor(query.cursor, AFTER)
      : [];
    const after = date ? { draw_date: dateOf(date), id: before } : undefined;
    const place = { after, count: limit + 1 };
    const rows = await readWhose(
      postgres,
      { ...query, ...whose },
      since,
      place,
    );
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    const next_cursor = last ? encodeCursor(last.draw_date, last.id) : null;
    return { rows: page, next_cursor };
  }
};
