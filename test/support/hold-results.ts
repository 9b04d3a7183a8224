import type { World } from "./world.js";

/** Keeps Postgres from reading and taking results until the function returned is called; calling it again does nothing. */
export async function holdResults({
  sql,
}: Pick<World, "sql">): Promise<() => Promise<void>> {
  const lock = await sql.reserve();
  await lock`begin`;
  await lock`lock table result in access exclusive mode`;
  let isOver = false;
  return async () => {
    if (isOver) return;
    isOver = true;
    await lock`rollback`;
    lock.release();
  };
}
