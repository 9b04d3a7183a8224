import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import createSql from "postgres";
import { startProcess } from "../../test/support/server-process.js";
import { until } from "../../test/support/until.js";
import type { BenchWorld } from "./world.js";

const fileOf = (name: string) =>
  fileURLToPath(new URL(`../${name}`, import.meta.url));

/** Starts a server on a world's stores, with these prizes, and what it is compared with. */
export async function startContestants(
  world: BenchWorld,
  prizes: string,
  others: ("bare" | "naive")[],
) {
  const { owner } = world;
  const server = await startProcess(owner, world);
  await until("tables", () => world.sql`select from result limit 1`);
  await world.sql.unsafe(prizes);
  await until("the prizes in force", async () => {
    const answer = await fetch(`${server.url}/prizes`);
    if (answer.status !== 200) throw new Error(await answer.text());
  });
  const urls = { draw: server.url, bare: "", naive: "" };
  const pids = { draw: server.child.pid ?? 0, bare: 0, naive: 0 };
  const start = async (name: "bare" | "naive", file: string) => {
    const stores = name === "bare" ? world : await naiveStores(world, prizes);
    const its = await startProcess(owner, stores, {}, fileOf(file));
    urls[name] = its.url;
    pids[name] = its.child.pid ?? 0;
  };
  if (others.includes("bare")) await start("bare", "bare.ts");
  if (others.includes("naive")) await start("naive", "naive/server.ts");
  return { server, urls, pids };
}

/** A database and a Redis of the naive design's own, with the same prizes. */
async function naiveStores(world: BenchWorld, prizes: string) {
  const stores = await world.other("naive", 1);
  const sql = createSql(stores.databaseUrl, { max: 1, onnotice: () => {} });
  const tables = new URL("../../sql/001_prizes.sql", import.meta.url);
  await sql.unsafe(await readFile(tables, "utf8"));
  await sql.unsafe(prizes);
  await sql.end();
  return stores;
}
