import type { World } from "./world.js";

/** A row of the prize table: the columns that matter to tests. */
export type PrizeRow = {
  id: string;
  probability?: number | string;
  daily_quota?: number | null;
  total_quota?: number | null;
  active?: boolean;
  fallback?: boolean;
};

/** Replaces all prizes and has every server given reload them. */
export async function setPrizes(
  { sql }: World,
  rows: PrizeRow[],
  ...servers: { prizes: { reload(): Promise<void> } }[]
): Promise<void> {
  const full = rows.map(({ id, ...row }) => ({
    id,
    title: `a ${id}`,
    probability: 1,
    daily_quota: null,
    total_quota: null,
    active: true,
    fallback: false,
    ...row,
  }));
  await sql`
    with gone as (delete from prize)
    insert into prize ${sql(full)}`;
  for (const server of servers) await server.prizes.reload();
}
