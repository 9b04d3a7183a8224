import { gunzipSync } from "node:zlib";
import type { Test } from "tap";
import {
  createReport,
  type Report,
  sentenceOf,
} from "../../src/verify/report.js";
import { verifyDay } from "../../src/verify/verify-day.js";
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

/** What the verifier says of a day, with these receipts. */
export async function verdictOf(
  world: Pick<World, "sql">,
  of: Of,
  receipts: object[] = [],
): Promise<Report> {
  const files = await filesOfDay(world, of);
  const report = createReport();
  await verifyDay(
    {
      name: `${of.campaign} ${of.day}`,
      text: async (file) => files.get(file),
      open: async (file) => {
        const text = files.get(file);
        if (text === undefined) return undefined;
        return (async function* () {
          yield Buffer.from(text);
        })();
      },
    },
    {
      key: undefined,
      namesKey: undefined,
      users: undefined,
      receipts: receipts.map((receipt, n) => ({
        file: `receipt ${n}`,
        json: JSON.stringify(receipt),
      })),
    },
    report,
    () => {},
  );
  return report;
}

/** The verifier finds nothing wrong; returns what it says. */
export async function holds(
  t: Test,
  world: Pick<World, "sql">,
  of: Of,
  receipts: object[] = [],
): Promise<string> {
  const { findings } = await verdictOf(world, of, receipts);
  const wrong = findings.filter(({ kind }) => kind === "wrong");
  t.same(wrong.map(sentenceOf), [], `${of.day} of ${of.campaign} holds`);
  return findings.map((it) => `${it.kind} ${sentenceOf(it)}`).join("\n");
}
