/** Calls `work` until it does not reject; after half a minute, however busy the machine, its last error counts. */
export async function until<T>(
  what: string,
  work: () => PromiseLike<T>,
  milliseconds = 30_000,
): Promise<T> {
  const end = performance.now() + milliseconds;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > end) {
        throw new Error(`${what} did not come about`, { cause: error });
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
