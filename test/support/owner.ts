/** What ends and closes what was opened for it: a tap test, or `createOwner`. */
export type Owner = { teardown(close: () => unknown): void };

/** An owner outside tap. `end` closes in reverse, all of it, whatever fails. */
export function createOwner(): Owner & { end(): Promise<void> } {
  const closes: (() => unknown)[] = [];
  async function end(): Promise<void> {
    for (const close of closes.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        console.error("could not close:", error);
      }
    }
  }
  return { teardown: (close) => closes.push(close), end };
}
