/**
 * Runs `work`, which takes a bounded time, at most once at a time: callers that come meanwhile share the run under way.
 */
export function shared<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  };
}
