import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { Unreadable } from "./report.js";

/** Of a file that is read as a whole. */
const MOST_BYTES = 1 << 28;

/** The files of a day. A file that is not there is undefined. */
export type Source = {
  /** what it is, for people */
  name: string;
  text(file: string): Promise<string | undefined>;
  open(file: string): Promise<AsyncIterable<Uint8Array> | undefined>;
};

/** What breaks off while it is read is no mistake of this program. */
async function* readable(
  name: string,
  chunks: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    const { message, cause } = error as Error;
    throw new Unreadable(
      `${name}: ${(cause as Error | undefined)?.message ?? message}`,
    );
  }
}

const isMissing = (error: unknown) =>
  (error as NodeJS.ErrnoException).code === "ENOENT";

export function folderSource(folder: string): Source {
  const failed = (file: string) => (error: unknown) => {
    if (isMissing(error)) return undefined;
    throw new Unreadable(`${join(folder, file)}: ${(error as Error).message}`);
  };
  return {
    name: folder,
    text: (file) => readFile(join(folder, file), "utf8").catch(failed(file)),
    async open(file) {
      const found = await stat(join(folder, file)).catch(failed(file));
      const path = join(folder, file);
      return (
        found &&
        readable(path, createReadStream(path, { highWaterMark: 1 << 18 }))
      );
    },
  };
}

export function urlSource(base: string): Source {
  async function get(file: string): Promise<Response | undefined> {
    const url = new URL(file, base.endsWith("/") ? base : `${base}/`);
    const response = await fetch(url).catch((error: Error) => {
      const { message } = (error.cause as Error | undefined) ?? error;
      throw new Unreadable(`${url}: ${message}`);
    });
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Unreadable(`${url}: ${response.status}`);
    return response;
  }
  async function open(file: string) {
    const body = (await get(file))?.body;
    return body ? readable(`${base} ${file}`, body) : undefined;
  }
  return {
    name: base,
    async text(file) {
      const chunks = await open(file);
      if (!chunks) return undefined;
      const parts: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of chunks) {
        parts.push(chunk);
        size += chunk.length;
        if (size > MOST_BYTES)
          throw new Unreadable(`${base} ${file} has more than 256 MiB`);
      }
      return Buffer.concat(parts).toString();
    },
    open,
  };
}

/** The days at a place: that of a URL, of a folder, or of all folders in it that are days, the oldest first. */
export async function daysAt(place: string): Promise<Source[]> {
  if (/^https?:\/\//.test(place)) return [urlSource(place)];
  const entries = await readdir(place, { withFileTypes: true }).catch(
    (error: Error) => {
      throw new Unreadable(`${place}: ${error.message}`);
    },
  );
  if (entries.some(({ name }) => name === "seal.note")) {
    return [folderSource(place)];
  }
  const names = entries
    .filter((it) => it.isDirectory())
    .map(({ name }) => name)
    .sort();
  const sources = names.map((name) => folderSource(join(place, name)));
  const seals = await Promise.all(sources.map((it) => it.text("seal.note")));
  const days = sources.filter((_, n) => seals[n] !== undefined);
  if (days.length === 0) {
    throw new Unreadable(`${place}: there is no seal.note, so this is no day.`);
  }
  return days;
}
