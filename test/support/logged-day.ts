import { gunzipSync } from "node:zlib";
import type { Test } from "tap";
import { checkDay } from "./check-day.js";
import type { World } from "./world.js";

type Of = { campaign: string; day: string };

/** The files of a day, as its rows have them. */
export async function filesOfDay(
  { sql }: Pick<World, "sql">,
  { campaign, day }: Of,
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const [row] = await sql<
    { seal: string; close: string | null; key_text: string; shards: number }[]
  >`
    select seal, close, key_text, shards from proof_day where campaign_id = ${campaign} and draw_date = ${day}::text::date`;
  if (!row) throw new Error(`${campaign} ${day} is not sealed`);
  files.set("seal.note", row.seal).set("key.txt", row.key_text);
  if (row.close) files.set("close.note", row.close);
  for (let shard = 0; shard < row.shards; shard += 1) {
    const chunks = await sql<{ packed: Buffer; checkpoint: string }[]>`
      select packed, checkpoint from proof_chunk
      where campaign_id = ${campaign} and draw_date = ${day}::text::date and shard = ${shard} order by first_index`;
    const lines = chunks.map(({ packed }) => gunzipSync(packed).toString());
    files.set(`log-${shard}.tsv`, lines.join(""));
    const notes = chunks.map(({ checkpoint }) => `${checkpoint}\n`);
    files.set(`checkpoints-${shard}.txt`, notes.join(""));
    const newest = chunks.at(-1)?.checkpoint;
    if (newest) files.set(`checkpoint-${shard}.note`, newest);
  }
  const lists = await sql<{ hash: string; moments: string }[]>`
    select hash, moments from proof_moments where campaign_id = ${campaign} and draw_date = ${day}::text::date order by hash`;
  const moments = lists.flatMap(({ hash, moments }) =>
    moments
      .split("\n")
      .filter(Boolean)
      .map((line) => `${hash}\t${line}\n`),
  );
  if (moments.length > 0) files.set("moments.tsv", moments.join(""));
  return files;
}

/** The verifier finds nothing wrong, with these receipts either; returns what it says. */
export async function holds(
  t: Test,
  world: Pick<World, "sql">,
  of: Of,
  receipts: object[] = [],
): Promise<string> {
  const files = await filesOfDay(world, of);
  const { findings, wrong } = await checkDay(Object.fromEntries(files), {
    receipts: receipts.map((receipt, n) => ({
      file: `receipt ${n}`,
      json: JSON.stringify(receipt),
    })),
  });
  t.same(wrong, [], `${of.day} of ${of.campaign} holds`);
  return findings.map(({ kind, text }) => `${kind} ${text}`).join("\n");
}
