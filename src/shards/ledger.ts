import type { Postgres } from "../stores/postgres.js";

/** A stretch of numbers, both ends among them. */
export type Stretch = [first: number, last: number];

/** The numbers of one prize: of all days, or of one. `date`: `infinity` for those of all days. */
export type Numbers = { campaign: string; prize_id: string; date: string };

/** Numbers granted, null where none is free, stale where the shard's data have another name by now. */
export type Grant = { granted: number; units: Stretch[] } | "stale" | null;

/** What a shard holds, by prize; of each stretch the last number that has a row, too, or 0. */
export type Held = Record<
  string,
  {
    granted: number;
    size: number;
    units: [first: number, last: number, row: number][];
  }
>;

/** How many grants each shard has had, whether a number is free, and whether whoever asks may still move them. */
export type Look = {
  grants: Record<string, number>;
  free: boolean;
  mover: boolean;
};

export const EVER = "infinity";

/** The ledger of who may take which numbers: the functions of sql/014_shards.sql. All reject with UNAVAILABLE. */
export function createLedger(postgres: Postgres) {
  async function grant(
    { campaign, prize_id, date }: Numbers,
    to: { shard: number; rights: string; granted: number; most: number },
  ): Promise<Grant> {
    const { shard, rights, granted, most } = to;
    const [row] = await postgres.query(
      (sql) => sql<
        {
          granted:
            | { stale: true }
            | { granted: number; units: Stretch[] }
            | null;
        }[]
      >`
        select grant_units(
          ${campaign}, ${prize_id}, ${date}::text::date, ${shard}::int, ${rights}, ${granted}::int, ${most < 0 ? null : most}::bigint
        ) as granted`,
    );
    const answer = row?.granted ?? null;
    return answer && "stale" in answer ? "stale" : answer;
  }

  /** Makes numbers free that a shard has given up. False where its data have another name by now, or another server moves numbers. */
  async function giveBack(
    { campaign, prize_id, date }: Numbers,
    from: { shard: number; rights: string; units: Stretch[]; mover: string },
  ): Promise<boolean> {
    const { shard, rights, units, mover } = from;
    const text = `{${units.map(([first, last]) => `[${first},${last}]`).join(",")}}`;
    const [row] = await postgres.query(
      (sql) => sql<{ done: boolean }[]>`
        select return_units(
          ${campaign}, ${prize_id}, ${date}::text::date, ${shard}::int, ${rights}, ${text}::text::int8multirange, ${mover}
        ) as done`,
    );
    return row?.done === true;
  }

  /** Names a shard's numbers, and reads those that it holds. */
  async function read(
    campaign: string,
    date: string,
    shard: number,
    rights: string,
  ): Promise<Held> {
    const [row] = await postgres.query(
      (sql) => sql<{ held: Held }[]>`
        select read_rights(${campaign}, ${date}::text::date, ${shard}::int, ${rights}) as held`,
    );
    return row?.held ?? {};
  }

  /** What the ledger knows of numbers up to `most`, -1 for any. */
  async function look(
    { campaign, prize_id, date }: Numbers,
    { most, mover }: { most: number; mover: string },
  ): Promise<Look> {
    const [row] = await postgres.query(
      (sql) => sql<{ look: Look }[]>`
        select look_for_units(
          ${campaign}, ${prize_id}, ${date}::text::date, ${most < 0 ? null : most}::bigint, ${mover}
        ) as look`,
    );
    return row?.look ?? { grants: {}, free: false, mover: false };
  }

  /** Takes the right to move a prize's numbers, for so many seconds. False where another server has it. */
  async function lease(
    { campaign, prize_id }: Numbers,
    holder: string,
    seconds: number,
  ): Promise<boolean> {
    const [row] = await postgres.query(
      (sql) => sql<{ leased: boolean }[]>`
        select lease_units(${campaign}, ${prize_id}, ${holder}, ${seconds}::float8) as leased`,
    );
    return row?.leased === true;
  }

  /** Forgets the numbers of days before this one. */
  async function forget(before: string): Promise<void> {
    await postgres.query(
      (sql) => sql`select forget_units(${before}::text::date)`,
    );
  }

  return { grant, giveBack, read, look, lease, forget };
}

export type Ledger = ReturnType<typeof createLedger>;
