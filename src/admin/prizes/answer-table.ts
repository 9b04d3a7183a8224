import type { FastifyReply } from "fastify";
import { readTable } from "../../prizes/in-force.js";
import type { Services } from "../../services.js";
import type { PrizeTable } from "./change-prizes.js";
import { readCounts, withUnits } from "./counts.js";

/** The answer of every call on prizes: the table as it is or, in a preview, would be, with its ETag. */
export async function answerTable(
  services: Services,
  table: PrizeTable,
  preview: boolean,
  reply: FastifyReply,
) {
  const { date } = services.clock.today();
  const counts = await readCounts(services, date);
  const problem = preview ? null : await problemOf(services, table);
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
  { redis, prizes }: Services,
  { version }: PrizeTable,
): Promise<string | null> {
  try {
    if ((await readTable(redis))?.version === version) return null;
  } catch {
    return "Redis does not answer: what is saved comes into force when it does.";
  }
  return (
    prizes.problem() ??
    "The last edit is not in force yet: it is within two seconds."
  );
}
