import { Readable } from "node:stream";
import { Failure } from "../../errors.js";

/** From one poll to the next, in milliseconds. */
const POLL_MS = 1_000;

/** Viewers at a time. */
const MOST_VIEWERS = 50;

/** Events in a row that a viewer may be too slow for. */
const MOST_UNREAD_EVENTS = 10;

/** What one viewer more is told. */
export const TOO_MANY = "Too many are watching. Please try again in a moment.";

export type Feed = {
  /** A stream of server-sent events for one more viewer. Throws UNAVAILABLE where there are too many. */
  view(): Readable;
  /** Ends all streams, for good. */
  end(): void;
};

/**
 * Polls once a second for all viewers together, and not at all while there are none. Each event is the whole picture, so
 * who is too slow for one gets the next: no more than one event waits for anybody. `poll` must not reject; `count` is told
 * how many are watching.
 */
export function createFeed(
  poll: () => Promise<object>,
  count: (viewers: number) => void = () => {},
): Feed {
  const viewers = new Map<Readable, number>(); // → events missed in a row
  let isPolling = false;
  let ended = false;
  let id = 0;
  let last: string | undefined;

  function view(): Readable {
    if (ended || viewers.size >= MOST_VIEWERS) {
      throw new Failure("UNAVAILABLE", TOO_MANY);
    }
    const viewer = new Readable({ read() {} });
    viewer.once("close", () => {
      viewers.delete(viewer);
      count(viewers.size);
    });
    viewer.push("retry: 1000\n\n");
    if (last) viewer.push(last);
    viewers.set(viewer, 0);
    count(viewers.size);
    if (!isPolling) pollOn();
    return viewer;
  }

  async function pollOn(): Promise<void> {
    isPolling = true;
    while (viewers.size > 0) {
      const began = performance.now();
      publish(await poll());
      const rest = began + POLL_MS - performance.now();
      await new Promise((resolve) => setTimeout(resolve, rest).unref());
    }
    isPolling = false;
    last = undefined;
  }

  function publish(figures: object): void {
    id += 1;
    last = `id: ${id}\nevent: figures\ndata: ${JSON.stringify(figures)}\n\n`;
    for (const [viewer, missed] of viewers) {
      const isSlow = viewer.readableLength > 0;
      viewers.set(viewer, isSlow ? missed + 1 : 0);
      if (!isSlow) viewer.push(last);
      else if (missed + 1 >= MOST_UNREAD_EVENTS) viewer.destroy();
    }
  }

  function end(): void {
    ended = true;
    for (const viewer of viewers.keys()) {
      if (viewer.readableLength > 0) viewer.destroy();
      else viewer.push(null);
    }
    viewers.clear();
  }

  return { view, end };
}
