import type { Entry } from "./load.js";
import { type Body, post, told } from "./post.js";

/** One request, with its retry where it needed one. */
export type Asked = Entry & { tries: number };

/**
 * Clients that keep their connections, as fetch does, and know several servers: a request that fails or meets a 503 goes
 * once more, to the next server. They go on until they are stopped.
 */
export function startClients(
  urls: string[],
  nameOf: (n: number) => string,
  width = 8,
) {
  const journal: Asked[] = [];
  let going = true;
  let asked = 0;

  async function ask(n: number): Promise<void> {
    const username = nameOf(n);
    const at = performance.now();
    let tries = 0;
    let answer: Awaited<ReturnType<typeof post>> | undefined;
    while (tries < 2 && answer?.status !== 200) {
      const url = `${urls[(n + tries) % urls.length]}/draw`;
      answer = await post(url, { username }).catch(() => undefined);
      tries += 1;
    }
    const body: Body = answer?.body ?? { success: false };
    const took = performance.now() - at;
    const status = answer?.status ?? 0;
    const [what, id] = [told(body), body.data?.result?.id];
    journal.push({ username, at, took, status, what, id, tries });
  }

  async function lane(): Promise<void> {
    while (going) {
      asked += 1;
      await ask(asked);
    }
  }

  const lanes = Array.from({ length: width }, lane);
  return {
    journal,
    stop: async () => {
      going = false;
      await Promise.all(lanes);
      return journal;
    },
  };
}
