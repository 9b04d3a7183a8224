import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import { Failure, invalid, PROOF_NOT_FOUND } from "../../errors.js";
import { type Day, findDay, listDays, sealOf } from "../../proof/read/days.js";
import { listFiles } from "../../proof/read/files.js";
import { inTurn } from "../../proof/read/in-turn.js";
import { createLines, findWin } from "../../proof/read/line.js";
import type { Services } from "../../services.js";
import { dateOf, decodeCursor, encodeCursor } from "../cursor.js";
import { failures } from "../schemas/common.js";
import {
  DayPath,
  DaysAnswer,
  FilesAnswer,
  LineAnswer,
  LinePath,
  ProofQuery,
  WinAnswer,
  WinPath,
} from "../schemas/proof.js";
import { cachedAs, parseDay, proofFiles } from "./proof-files.js";

const LINE_NOT_FOUND =
  "seq: no line of this log has it; where the draw was just now, ask again in some seconds.";
const WIN_NOT_FOUND =
  "id: the log has no line of this win; where the draw was just now, ask again in some seconds.";
const NO_RESULT = "id: there is no such result.";

/** /proof: what is published of days that anybody can check. */
export const proofRoutes: FastifyPluginAsyncTypebox<Services> = async (
  app,
  services,
) => {
  const postgres = inTurn(services.postgres);
  const lines = createLines(postgres);
  app.register(proofFiles, { ...services, postgres });

  app.get(
    "/proof",
    {
      schema: {
        operationId: "listProofDays",
        summary: "The days that anybody can check",
        description: "Newest first. `src/verify/README.md` says how.",
        tags: ["proof"],
        querystring: ProofQuery,
        response: {
          200: DaysAnswer,
          ...failures({
            INVALID_REQUEST: "limit: must be a number from 1 to 100.",
          }),
        },
      },
    },
    async ({ query }, reply) => {
      const limit = parseLimit(query.limit);
      const after = parseCursor(query.cursor);
      const { campaign } = query;
      const asked = { campaign, after, count: limit + 1 };
      const found = await listDays(postgres, asked);
      const days = found.slice(0, limit);
      const last = found.length > limit ? days.at(-1) : undefined;
      const next_cursor = last ? encodeCursor(last.day, last.campaign) : null;
      reply.header("cache-control", "no-cache");
      const data = { days: days.map(shown), next_cursor };
      return { success: true as const, data };
    },
  );

  app.get(
    "/proof/:campaign/:day/",
    {
      schema: {
        operationId: "listProofFiles",
        summary: "The files of a day",
        description: "Those that are there by now, each below this address.",
        tags: ["proof"],
        params: DayPath,
        response: { 200: FilesAnswer, ...failures({ PROOF_NOT_FOUND }) },
      },
    },
    async ({ params }, reply) => {
      const found = await findDay(postgres, params.campaign, parseDay(params));
      if (!found) throw new Failure("PROOF_NOT_FOUND", PROOF_NOT_FOUND);
      const files = await listFiles(postgres, found);
      const { campaign, day, close } = found;
      reply.header("cache-control", cachedAs(found));
      const data = { campaign, day, closed: close !== null, files };
      return { success: true as const, data };
    },
  );

  app.get(
    "/proof/:campaign/:day/:shard/:seq",
    {
      schema: {
        operationId: "proveLine",
        summary: "A line of a log, and that it is in it",
        description: "By its number, with its inclusion path.",
        tags: ["proof"],
        params: LinePath,
        response: {
          200: LineAnswer,
          ...failures({ PROOF_NOT_FOUND: LINE_NOT_FOUND }),
        },
      },
    },
    async ({ params }, reply) => {
      const { campaign } = params;
      const place = { campaign, day: parseDay(params), shard: shardOf(params) };
      const seq = Number(/^\d{1,15}$/.exec(params.seq)?.[0] ?? -1);
      const line = await lines.find(place, seq);
      if (!line) throw new Failure("PROOF_NOT_FOUND", LINE_NOT_FOUND);
      reply.header("cache-control", "no-cache");
      return { success: true as const, data: line };
    },
  );

  app.get(
    "/proof/results/:id",
    {
      schema: {
        operationId: "proveWin",
        summary: "The line of a win, and that it is in the log",
        description: "By the id of its result.",
        tags: ["proof"],
        params: WinPath,
        response: {
          200: WinAnswer,
          ...failures({
            RESULT_NOT_FOUND: NO_RESULT,
            PROOF_NOT_FOUND: WIN_NOT_FOUND,
          }),
        },
      },
    },
    async ({ params: { id } }, reply) => {
      const isId = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id);
      const win = isId ? await findWin(postgres, id) : undefined;
      if (win === undefined) throw new Failure("RESULT_NOT_FOUND", NO_RESULT);
      const line = win && (await lines.find(win, win.seq));
      if (!win || !line) throw new Failure("PROOF_NOT_FOUND", WIN_NOT_FOUND);
      reply.header("cache-control", "no-cache");
      return { success: true as const, data: { ...win, ...line } };
    },
  );
};

function shown(day: Day) {
  const { sealed_at, begins_at, ends_at, names } = sealOf(day);
  const moment = (at: number) => new Date(at).toISOString();
  const sum = (of: "size" | "bytes") =>
    day.logs.reduce((all, log) => all + log[of], 0);
  return {
    ...{ campaign: day.campaign, day: day.day },
    sealed_at: moment(sealed_at),
    begins_at: moment(begins_at),
    ends_at: moment(ends_at),
    closed: day.close !== null,
    names,
    shards: day.logs.length,
    lines: sum("size"),
    bytes: sum("bytes"),
  };
}

const shardOf = ({ shard }: { shard: string }) =>
  Number(/^\d{1,2}$/.exec(shard)?.[0] ?? -1);

function parseLimit(text = "20"): number {
  if (!/^([1-9]\d?|100)$/.test(text)) {
    throw invalid("limit", "must be a number from 1 to 100");
  }
  return Number(text);
}

/** The day where the page before ended. */
function parseCursor(cursor: string | undefined) {
  if (cursor === undefined) return undefined;
  const [day = "", campaign = ""] = decodeCursor(
    cursor,
    /^(\d{4}-\d\d-\d\d) ([a-z0-9-]{1,32})$/,
  );
  return { day: dateOf(day), campaign };
}
