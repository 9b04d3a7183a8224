import { unavailable } from "../../errors.js";
import type { Keys } from "../../stores/keys.js";
import type { Postgres } from "../../stores/postgres.js";
import type { Redis } from "../../stores/redis.js";
import { noteOf, type Signer } from "../notes/secrets.js";
import { base64Of } from "../notes/tree.js";
import { type Chunk, chunkOf, type Kept } from "./chunk.js";

/** A log of one shard. */
export type LogOf = { campaign: string; draw_date: string; shard: number };

/** Entries of the stream read at a time, and lines of a chunk: their hashes take 10 ms of this thread. */
const ENTRIES = 200;
const MOST_LINES = 4_000;

/** How long a server that moves a log's lines keeps others from moving them. */
const LEASE_S = 3;

/** Longer than this no server moves on without a pause: others wait for the thread. */
const BUDGET_MS = 2_000;

/**
 * Moves the lines of a log from Redis to Postgres, and signs a checkpoint over them. One server at a time does it; twice does no harm.
 * Returns the number after the last line that Postgres has; undefined where another server has the lease. Rejects with
 * UNAVAILABLE.
 */
export async function moveLines(
  parts: {
    redis: Redis;
    postgres: Postgres;
    keys: Keys;
    name: string;
    server: string;
    warn: (sentence: string) => void;
  },
  of: LogOf,
  signer: Signer,
): Promise<number | undefined> {
  const { redis, postgres, keys, name, server, warn } = parts;
  const stream = keys.log(of.draw_date);
  const end = performance.now() + BUDGET_MS;
  let kept: Kept | undefined;
  let page = await readLines(redis, stream);
  if (page.ids.length === 0) return (await readKept(postgres, of)).next_seq;
  kept = await lease(postgres, of, server);
  if (!kept) return undefined;
  while (page.ids.length > 0) {
    const chunk = await chunkOf(kept, page.lines);
    if (chunk) {
      if (chunk.unexplained !== undefined) {
        warn(`Lines from ${chunk.unexplained} on are missing in the log`);
      }
      const checkpoint = noteOf(checkpointOf(name, of, chunk), signer);
      const isWritten = await write(postgres, of, server, {
        ...{ before: kept, chunk, checkpoint },
      });
      if (!isWritten) return undefined;
      kept = chunk.after;
    }
    await redis
      .kept(
        ...[2, keys.takenToday(of.draw_date), stream, kept.next_seq, 0],
        ...page.ids,
      )
      .catch(refuse);
    if (performance.now() > end) break;
    page = await readLines(redis, stream);
  }
  return kept.next_seq;
}

/** Entries of the log, the oldest first: their ids and their lines. */
async function readLines(
  redis: Redis,
  stream: string,
): Promise<{ ids: string[]; lines: string[] }> {
  const ids: string[] = [];
  const lines: string[] = [];
  let from = "-";
  for (;;) {
    const page = await redis
      .xrange(stream, from, "+", "COUNT", ENTRIES)
      .catch(refuse);
    for (const [id, [, text = ""]] of page) {
      ids.push(id);
      lines.push(...text.split("\n"));
      from = `(${id}`;
    }
    if (page.length < ENTRIES || lines.length >= MOST_LINES) {
      return { ids, lines };
    }
  }
}

type Row = {
  size: number;
  next_seq: number;
  bytes: number;
  draws: number;
  wins: number;
  frontier: Buffer;
};

const HASH_BYTES = 32;

const keptOf = ({ frontier, ...row }: Row): Kept => ({
  ...row,
  frontier: Array.from({ length: frontier.length / HASH_BYTES }, (_, n) =>
    frontier.toString("hex", n * HASH_BYTES, (n + 1) * HASH_BYTES),
  ),
});

type Sql = Parameters<Parameters<Postgres["query"]>[0]>[0];

const columns = (sql: Sql) =>
  sql`size::float8, next_seq::float8, bytes::float8, draws::float8, wins::float8, frontier`;

export const isOf = (sql: Sql, { campaign, draw_date, shard }: LogOf) =>
  sql`campaign_id = ${campaign} and draw_date = ${draw_date}::text::date and shard = ${shard}::int`;

/** How far a log is kept. Rejects with UNAVAILABLE. */
export async function readKept(postgres: Postgres, of: LogOf): Promise<Kept> {
  const [row] = await postgres.query(
    (sql) => sql<Row[]>`
      select ${columns(sql)} from proof_log where ${isOf(sql, of)}`,
  );
  return keptOf(row ?? { ...NOTHING });
}

const NOTHING: Row = {
  size: 0,
  next_seq: 0,
  bytes: 0,
  draws: 0,
  wins: 0,
  frontier: Buffer.alloc(0),
};

async function lease(
  postgres: Postgres,
  of: LogOf,
  server: string,
): Promise<Kept | undefined> {
  const [row] = await postgres.query(
    (sql) => sql<Row[]>`
      update proof_log set holder = ${server}, held_until = clock_timestamp() + make_interval(secs => ${LEASE_S}::int)
      where ${isOf(sql, of)} and (holder = ${server} or coalesce(held_until < clock_timestamp(), true))
      returning ${columns(sql)}`,
  );
  return row && keptOf(row);
}

const checkpointOf = (name: string, of: LogOf, { after, root }: Chunk) =>
  `${name}/${of.campaign}/${of.draw_date}/${of.shard}\n${after.size}\n${base64Of(root)}\n`;

/** All or nothing, and nothing where another server was first. */
async function write(
  postgres: Postgres,
  of: LogOf,
  server: string,
  {
    before,
    chunk,
    checkpoint,
  }: { before: Kept; chunk: Chunk; checkpoint: string },
): Promise<boolean> {
  const { campaign, draw_date, shard } = of;
  const { after, wins, voided } = chunk;
  const [row] = await postgres.query(
    (sql) => sql<{ moved: number }[]>`
      with moved as (
        update proof_log
        set size = ${after.size}::bigint, next_seq = ${after.next_seq}::bigint, bytes = ${after.bytes}::bigint, draws = ${after.draws}::bigint, wins = ${after.wins}::bigint,
          frontier = ${Buffer.from(after.frontier.join(""), "hex")}, checkpoint = ${checkpoint},
          holder = ${server}, held_until = clock_timestamp() + make_interval(secs => ${LEASE_S}::int)
        where ${isOf(sql, of)} and size = ${before.size}::bigint
        returning 1
      ), chunk as (
        insert into proof_chunk (campaign_id, draw_date, shard, first_index, first_seq, lines, first_byte, bytes, packed, blocks, checkpoint)
        select ${campaign}, ${draw_date}::text::date, ${shard}::int, ${before.size}::bigint, ${chunk.first_seq}::bigint, ${chunk.lines}::int,
          ${before.bytes}::bigint, ${chunk.bytes}::int, ${chunk.packed}::bytea, ${chunk.blocks}::bytea, ${checkpoint}
        from moved
      ), gone as (
        delete from proof_win using moved where ${isOf(sql, of)} and seq = any(${voided}::bigint[])
      ), won as (
        insert into proof_win (campaign_id, draw_date, shard, seq, prize_id, unit, p)
        select ${campaign}, ${draw_date}::text::date, ${shard}::int, u.seq, u.prize_id, u.unit, u.p
        from moved, unnest(
          ${wins.map((win) => win.seq)}::bigint[], ${wins.map((win) => win.prize_id)}::text[],
          ${wins.map((win) => win.unit)}::bigint[], ${wins.map((win) => win.p)}::text[]
        ) as u (seq, prize_id, unit, p)
      )
      select count(*)::int as moved from moved`,
  );
  return row?.moved === 1;
}

function refuse(error: unknown): never {
  throw unavailable(error);
}
