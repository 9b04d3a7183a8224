import { unavailable } from "../errors.js";
import type { Keys } from "../stores/keys.js";
import type { Redis } from "../stores/redis.js";

/** Entries of the outbox, the oldest first: the id of each, and its field and text (`parseWins`). */
export type Page = [id: string, fields: string[]][];

/** Entries read at a time. */
const PAGE_SIZE = 20;

/** The entries from one id to another, at most a page; `(` before an id leaves it out. Rejects with UNAVAILABLE. */
export const readPage = (
  redis: Redis,
  keys: Keys,
  from: string,
  to: string,
): Promise<Page> =>
  redis
    .xrange(keys.outbox, from, to, "COUNT", PAGE_SIZE)
    .catch((error: unknown) => {
      throw unavailable(error);
    });

/** All entries up to an id, page by page. The next page is read when it is asked for. Rejects with UNAVAILABLE. */
export async function* outboxPages(
  redis: Redis,
  keys: Keys,
  to = "+",
): AsyncGenerator<Page> {
  let from = "-";
  for (;;) {
    const page = await readPage(redis, keys, from, to);
    yield page;
    if (page.length < PAGE_SIZE) return;
    from = `(${page.at(-1)?.[0]}`;
  }
}
