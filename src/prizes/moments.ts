import { unavailable } from "../errors.js";
import type { Scope } from "./campaign.js";

export type Moment = { id: string; prize_id: string; at: number };

/** A moment that waits this long for a draw on its shard is offered on all: whoever claims it first has it. */
const LONGEST_WAIT_MS = 5_000;

/**
 * Puts the winning moments in force that no result claims, of several shards those of this one. `givenUp`: one whose claim has
 * come to nothing. `hashesOf`: of those put in force, as schedule.lua takes them. Returns when the next moment of another shard has waited too long, in milliseconds. Rejects with UNAVAILABLE.
 */
export async function putMoments(
  { redis, postgres, keys, held, shard, everywhere }: Scope,
  { version, givenUp = "" }: { version: string; givenUp?: string | undefined },
  now: number,
  hashesOf: (offered: Moment[]) => Promise<string> = async () => "",
): Promise<number> {
  const isOwn = ({ id }: Moment) =>
    shard === undefined ||
    Number(BigInt(id) % BigInt(everywhere.length)) === shard;
  const isOffered = (moment: Moment) =>
    isOwn(moment) || moment.at + LONGEST_WAIT_MS <= now;
  const moments = await postgres.query(
    (sql) => sql<Moment[]>`
      select m.id, m.prize_id, ceil(extract(epoch from m.at) * 1000)::float8 as at
      from moment m
      where m.campaign_id = ${held.campaign.id} and not exists (select from result r where r.moment_id = m.id)
      order by m.at, m.id`,
  );
  const offered = moments.filter(isOffered);
  const lines = offered.flatMap(({ id, prize_id, at }) => [
    `${prize_id}/${id}`,
    at,
  ]);
  const hashes = await hashesOf(offered);
  const names = [keys.prizes, keys.moments, keys.taken];
  await redis
    .schedule(names.length, ...names, version, givenUp, hashes, ...lines)
    .catch((error: unknown) => {
      throw unavailable(error);
    });
  const next = moments.find((moment) => !isOffered(moment));
  return next ? next.at + LONGEST_WAIT_MS : Number.POSITIVE_INFINITY;
}
