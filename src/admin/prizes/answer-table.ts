import type { FastifyReply } from "fastify";
import type { Lane } from "../../campaigns/lane.js";
import { readTable } from "../../prizes/in-force.js";
import type { PrizeTable } from "./change-prizes.js";
import { readCounts, withUnits } from "./counts.js";

/** The answer of every call on prizes: the table as it is or, in a preview, would be, with its ETag. */
export async function answerTable(
  lane: Lane,
  table: PrizeTable,
  preview: boolean,
  reply: FastifyReply,
) {
  const { date } = lane.clock.today();
  const counts = await readCounts(lane, date);
  const problem = preview ? null : await problemOf(lane, table);
  reply.header("etag", `"${table.version}"`);
  const data = {
    ...table,
    preview,
    date,
    in_force: !preview && problem === null,
    problem,
    prizes: withUnits(table.prizes, counts),
  };
  return { success: true as const, data };
}

/** Why a table is not in force, or null. */
async function problemOf(
  { redis, keys, prizes }: Lane,
  { version }: PrizeTable,
): Promise<string | null> {
  try {
    if ((await readTable(redis, keys))?.version === version) return null;
  } catch {
    return "Redis does not answer: what is saved comes into force when it does.";
  }
  return (
    prizes.problem() ??
    "The last edit is not in force yet: it is within two seconds."
  );
}
