import { ADMIN_TOKEN } from "./admin-calls.js";
import { until } from "./until.js";

// biome-ignore lint/suspicious/noExplicitAny: each test looks at what it asks for
type Figures = any;

export type Viewer = {
  status: number;
  headers: Headers;
  /** what came so far, oldest first; `came` in milliseconds of `performance.now()` */
  events: { id: string; came: number; figures: Figures }[];
  /** The first event that is as asked, from the latest one on. */
  see(what: string, is: (figures: Figures) => boolean): Promise<Figures>;
  /** Resolves when the stream has ended; rejects where it broke. */
  ended: Promise<void>;
  hangUp(): void;
};

/** Watches GET /admin/live. */
export async function watch(url: string, token = ADMIN_TOKEN): Promise<Viewer> {
  const leaving = new AbortController();
  const { status, headers, body } = await fetch(`${url}/admin/live`, {
    headers: { authorization: `Bearer ${token}` },
    signal: leaving.signal,
  });
  const events: Viewer["events"] = [];
  const ended = read();
  ended.catch(() => {});

  async function read() {
    let text = "";
    const decoder = new TextDecoder();
    for await (const piece of body ?? []) {
      text += decoder.decode(piece, { stream: true });
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const found = /^id: (\d+)\nevent: figures\ndata: (.*)$/.exec(block);
        if (!found) continue;
        const [, id = "", data = ""] = found;
        const figures = JSON.parse(data);
        events.push({ id, came: performance.now(), figures });
      }
    }
  }

  const see = (what: string, is: (figures: Figures) => boolean) => {
    let from = Math.max(0, events.length - 1);
    return until(what, async () => {
      for (; from < events.length; from += 1) {
        const figures = events[from]?.figures;
        if (is(figures)) return figures;
      }
      throw new Error(JSON.stringify(events.at(-1)));
    });
  };

  return { status, headers, events, see, ended, hangUp: () => leaving.abort() };
}
