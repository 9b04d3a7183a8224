import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { secretsOf } from "../../proof/notes/secrets.js";
import { type Day, sealOf } from "../../proof/read/days.js";
import { type File, fileOf, listFiles } from "../../proof/read/files.js";
import type { Postgres } from "../../stores/postgres.js";
import { CommandError } from "../program.js";

/** Milliseconds after which an export says how far it is. */
const TELL_EVERY_MS = 1_000;

/** Writes the files of a day into a folder, as they are at one moment. `auditor`: with the key of its names. */
export async function exportDay(
  postgres: Postgres,
  day: Day,
  options: { folder: string; auditor?: { key: string | undefined } },
): Promise<void> {
  const { folder, auditor } = options;
  const names_key = auditor && namesKeyOf(day, auditor.key);
  await mkdir(folder, { recursive: true });
  for (const { name, bytes } of await listFiles(postgres, day)) {
    const file = fileOf(postgres, day, name);
    if (!file) continue;
    const content = Readable.from(told(file, bytes), { objectMode: false });
    await pipeline(content, createWriteStream(join(folder, name)));
  }
  if (!names_key) return;
  const path = join(folder, "names_key.txt");
  await writeFile(path, `${names_key.toString("hex")}\n`, { mode: 0o600 });
}

/** The key of a day's names, of that PROOF_KEY which sealed them. */
function namesKeyOf(day: Day, proofKey: string | undefined): Buffer {
  const { names, names_hash } = sealOf(day);
  if (names === "open") {
    throw new CommandError(
      "--auditor: the names of this day are open, and need no key.",
    );
  }
  if (proofKey === undefined) {
    throw new CommandError(
      "--auditor: needs PROOF_KEY, as the servers have it.",
    );
  }
  const keys = proofKey.split(",").map((key) => {
    return secretsOf(key, day.campaign, day.day).names_key;
  });
  const found = keys.find(
    (key) => createHash("sha256").update(key).digest("hex") === names_hash,
  );
  if (found) return found;
  throw new CommandError(
    "--auditor: PROOF_KEY is not that which sealed the day.",
  );
}

/** A file's bytes, with a line on stderr every second where it takes long, and one at its end. */
async function* told({ name, read }: File, total: number) {
  let bytes = 0;
  let next = performance.now() + TELL_EVERY_MS;
  for await (const part of read()) {
    yield part;
    bytes += Buffer.byteLength(part);
    if (performance.now() < next) continue;
    next = performance.now() + TELL_EVERY_MS;
    process.stderr.write(`${name}: ${bytes} of ${total} bytes\n`);
  }
  process.stderr.write(`${name}: ${bytes} bytes\n`);
}
