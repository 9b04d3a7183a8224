import type { Postgres } from "../../stores/postgres.js";
import { join, unpack } from "../log/pack.js";

/** A log of a day, as far as it is to be read. */
export type Place = { campaign: string; day: string; shard: number };

type Chunk = {
  first_index: number;
  lines: number;
  first_byte: number;
  bytes: number;
  packed: Uint8Array;
};

/** Chunks read at a time: at most so many, and no further than so many packed bytes. */
const MOST_CHUNKS = 512;
const MOST_BYTES = 512 * 1_024;

/** The chunks of the first `size` lines from that which has the byte `from` on, page by page. Rejects with UNAVAILABLE. */
async function* pagesOf(
  postgres: Postgres,
  { campaign, day, shard }: Place,
  size: number,
  from = 0,
): AsyncGenerator<Chunk[]> {
  let index = 0;
  while (index < size) {
    const page: Chunk[] = await postgres.query(
      (sql) => sql<Chunk[]>`
        select first_index::float8, lines, first_byte::float8, bytes, packed from (
          select c.*, sum(octet_length(packed)) over (order by first_index) - octet_length(packed) as before from (
            select * from proof_chunk
            where campaign_id = ${campaign} and draw_date = ${day}::text::date and shard = ${shard}::int
              and first_index >= ${index}::float8::bigint and first_index < ${size}::float8::bigint
              and first_byte + bytes > ${from}::float8::bigint
            order by first_index limit ${MOST_CHUNKS}
          ) c
        ) c where before < ${MOST_BYTES} order by first_index`,
    );
    const last = page.at(-1);
    if (!last) return;
    yield page;
    index = last.first_index + last.lines;
  }
}

/** The bytes of a log from `from` up to before `to`. Rejects with UNAVAILABLE. */
export async function* bytesOf(
  postgres: Postgres,
  place: Place,
  { size, from, to }: { size: number; from: number; to: number },
): AsyncGenerator<Buffer> {
  if (from >= to) return;
  for await (const page of pagesOf(postgres, place, size, from)) {
    const parts = page.map(async ({ first_byte, bytes, packed }) => {
      const start = Math.max(0, from - first_byte);
      const end = Math.min(bytes, to - first_byte);
      return end > 0 ? (await unpack(packed)).subarray(start, end) : NOTHING;
    });
    yield Buffer.concat(await Promise.all(parts));
    const { first_byte = 0, bytes = 0 } = page.at(-1) ?? {};
    if (first_byte + bytes >= to) return;
  }
}

const NOTHING = Buffer.alloc(0);

/** The first `size` lines of a log, packed with gzip, without unpacking what is kept so. Rejects with UNAVAILABLE. */
export async function* gzipOf(
  postgres: Postgres,
  place: Place,
  size: number,
): AsyncGenerator<Buffer> {
  async function* packed() {
    for await (const page of pagesOf(postgres, place, size)) {
      yield page.map((chunk) => chunk.packed);
    }
  }
  yield* join(packed());
}
