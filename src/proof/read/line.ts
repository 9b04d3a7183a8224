import type { Postgres } from "../../stores/postgres.js";
import { unpack } from "../log/pack.js";
import { BLOCK, leafOf } from "../notes/tree.js";
import { addBlocks, keepBlocks } from "./blocks.js";
import type { Place } from "./chunks.js";
import { isId } from "./days.js";
import { pathOf } from "./path.js";

/** A line of a log, with what shows that it is in it. */
export type ProvenLine = {
  line: string;
  /** its place in the log */
  index: number;
  /** hex, the inclusion path of RFC 9162 */
  path: string[];
  /** that it leads to, a signed note */
  checkpoint: string;
};

export type Lines = {
  /** The line with this seq, or undefined where the log has none by now. Rejects with UNAVAILABLE. */
  find(place: Place, seq: number): Promise<ProvenLine | undefined>;
};

/** Finds lines of logs, and remembers of those that were asked for last what their trees are made of. */
export function createLines(postgres: Postgres): Lines {
  const blocksOf = keepBlocks();

  async function find(
    place: Place,
    seq: number,
  ): Promise<ProvenLine | undefined> {
    const { campaign, day, shard } = place;
    if (!isId(campaign)) return undefined;
    const blocks = blocksOf(`${campaign} ${day} ${shard}`);
    const from = blocks.upTo;
    const log = await readLog(postgres, place, { seq, from });
    if (!log) return undefined;
    const { checkpoint, size, roots } = log;
    addBlocks(blocks, { from, to: size, roots: roots ?? Buffer.alloc(0) });
    const lines = new Map<number, string>();
    await unpackInto(lines, log);
    const start = `${seq}\t`;
    const index = [...lines.keys()].find((n) =>
      lines.get(n)?.startsWith(start),
    );
    if (index === undefined) return undefined;
    // Of each block but its own the root is known; behind the last whole one the lines count.
    const block = index - (index % BLOCK);
    const needed = [
      [block, Math.min(block + BLOCK, size)],
      [size - (size % BLOCK), size],
    ] as const;
    const missing = needed.flatMap(([first, end]) => {
      const range = Array.from({ length: end - first }, (_, n) => first + n);
      return range.filter((n) => !lines.has(n));
    });
    for (const chunk of await readChunks(postgres, place, missing)) {
      await unpackInto(lines, chunk);
    }
    const leaf = (n: number) => leafOf(lines.get(n) ?? "");
    const { levels } = blocks;
    const path = pathOf({ size, levels, leaf }, index);
    return {
      line: lines.get(index) ?? "",
      index,
      path,
      checkpoint,
    };
  }

  return { find };
}

type Packed = { first_index: number; lines: number; packed: Uint8Array };

async function unpackInto(
  lines: Map<number, string>,
  chunk: Packed,
): Promise<void> {
  const text = (await unpack(chunk.packed)).toString();
  for (const [n, line] of text.split("\n").entries()) {
    if (n < chunk.lines) lines.set(chunk.first_index + n, line);
  }
}

type LogRow = Packed & {
  checkpoint: string;
  size: number;
  roots: Uint8Array | null;
};

/** The chunk that has a seq, if any does; the newest checkpoint with its size, and the roots of the blocks of the chunks from `from` on. */
async function readLog(
  postgres: Postgres,
  { campaign, day, shard }: Place,
  { seq, from }: { seq: number; from: number },
): Promise<LogRow | undefined> {
  const [row] = await postgres.query(
    (sql) => sql<LogRow[]>`
      select c.first_index::float8, c.lines, c.packed, l.checkpoint, l.size::float8, (
        select string_agg(b.blocks, ''::bytea order by b.first_index) from proof_chunk b
        where b.campaign_id = ${campaign} and b.draw_date = ${day}::text::date and b.shard = ${shard}::int
          and b.first_index >= ${from}::float8::bigint
      ) as roots
      from (
        select first_index, lines, packed from proof_chunk
        where campaign_id = ${campaign} and draw_date = ${day}::text::date and shard = ${shard}::int
          and first_seq <= ${seq}::float8::bigint and first_index <= ${seq}::float8::bigint
        order by first_index desc limit 1
      ) c, (
        select checkpoint, first_index + lines as size from proof_chunk
        where campaign_id = ${campaign} and draw_date = ${day}::text::date and shard = ${shard}::int
        order by first_index desc limit 1
      ) l`,
  );
  return row;
}

/** The chunks that have these lines: few, since they lie within two blocks. */
async function readChunks(
  postgres: Postgres,
  { campaign, day, shard }: Place,
  indexes: number[],
): Promise<Packed[]> {
  if (indexes.length === 0) return [];
  return postgres.query(
    (sql) => sql<Packed[]>`
      select c.first_index::float8, c.lines, c.packed from (
        select distinct (
          select max(first_index) from proof_chunk
          where campaign_id = ${campaign} and draw_date = ${day}::text::date and shard = ${shard}::int and first_index <= i.index
        ) as first_index
        from unnest(${indexes}::bigint[]) as i (index)
      ) f
      join proof_chunk c on c.campaign_id = ${campaign} and c.draw_date = ${day}::text::date and c.shard = ${shard}::int
        and c.first_index = f.first_index`,
  );
}

/** Where the line of a win is, by its result's id: null where the win has none by now, undefined where there is no such win. */
export async function findWin(
  postgres: Postgres,
  id: string,
): Promise<(Place & { seq: number }) | null | undefined> {
  const [row] = await postgres.query(
    (sql) => sql<
      { campaign: string; day: string | null; shard: number; seq: number }[]
    >`
      select r.campaign_id as campaign, w.draw_date::text as day, w.shard, w.seq::float8 from result r
      left join lateral (
        select * from proof_win w
        where w.campaign_id = r.campaign_id and w.prize_id = r.prize_id and w.unit = r.unit
        order by w.draw_date desc, w.shard, w.seq desc limit 1
      ) w on true
      where r.id = ${id}::text::uuid`,
  );
  if (!row) return undefined;
  const { day, ...rest } = row;
  return day === null ? null : { ...rest, day };
}
