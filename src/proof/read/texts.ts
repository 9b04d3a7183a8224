import type { Postgres } from "../../stores/postgres.js";
import type { Place } from "./chunks.js";
import type { Day } from "./days.js";

/** Texts read at a time. */
const PAGE = 500;

/** All checkpoints of the first `size` lines of a log, the oldest first, with an empty line after each. Rejects with UNAVAILABLE. */
export async function* checkpointsOf(
  postgres: Postgres,
  { campaign, day, shard }: Place,
  size: number,
): AsyncGenerator<string> {
  let after = -1;
  for (;;) {
    const page = await postgres.query(
      (sql) => sql<{ first_index: number; checkpoint: string }[]>`
        select first_index::float8, checkpoint from proof_chunk
        where campaign_id = ${campaign} and draw_date = ${day}::text::date and shard = ${shard}::int
          and first_index > ${after}::float8::bigint and first_index < ${size}::float8::bigint
        order by first_index limit ${PAGE}`,
    );
    yield page.map(({ checkpoint }) => `${checkpoint}\n`).join("");
    after = page.at(-1)?.first_index ?? size;
    if (page.length < PAGE) return;
  }
}

/** The lines of moments.tsv. Rejects with UNAVAILABLE. */
export async function* momentsOf(
  postgres: Postgres,
  { campaign, day }: Pick<Day, "campaign" | "day">,
): AsyncGenerator<string> {
  let after = "";
  for (;;) {
    const [row] = await postgres.query(
      (sql) => sql<{ hash: string; moments: string }[]>`
        select hash, moments from proof_moments
        where campaign_id = ${campaign} and draw_date = ${day}::text::date and hash > ${after}
        order by hash limit 1`,
    );
    if (!row) return;
    yield row.moments.replace(/^(?=.)/gm, `${row.hash}\t`);
    after = row.hash;
  }
}

/** How many bytes of each shard's checkpoints there are, and of moments.tsv. Rejects with UNAVAILABLE. */
export async function measureTexts(
  postgres: Postgres,
  { campaign, day }: Pick<Day, "campaign" | "day">,
): Promise<{ checkpoints: Record<number, number>; moments: number }> {
  const [row] = await postgres.query(
    (sql) => sql<
      { checkpoints: Record<number, number> | null; moments: number }[]
    >`
      select (
        select jsonb_object_agg(shard, bytes) from (
          select shard, sum(octet_length(checkpoint) + 1) as bytes from proof_chunk
          where campaign_id = ${campaign} and draw_date = ${day}::text::date group by shard
        ) c
      ) as checkpoints, (
        select coalesce(sum(octet_length(moments) + 65 * (length(moments) - length(replace(moments, E'\n', '')))), 0)::float8
        from proof_moments where campaign_id = ${campaign} and draw_date = ${day}::text::date
      ) as moments`,
  );
  return { checkpoints: row?.checkpoints ?? {}, moments: row?.moments ?? 0 };
}
