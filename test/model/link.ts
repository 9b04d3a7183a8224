import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Test } from "tap";

/** What stands between one server and one store, and can lose what passes. */
export type Link = {
  /** the store's URL, by way of the link */
  url: string;
  /** Breaks the connection at the `nth` request that holds a text: before the request, or before its reply. */
  lose(text: string, what: "request" | "reply", nth?: number): Loss;
};

export type Loss = {
  /** Calls it off; answers whether it had happened by then, which includes that the store saw the request's end. */
  end(): Promise<boolean>;
};

type Armed = {
  text: string;
  what: "request" | "reply";
  left: number;
  happened?: Promise<unknown>;
};

/** Links that last as long as the test. */
export async function createLink(t: Test, target: string): Promise<Link> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let armed: Armed | undefined;

  const listener = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    far.on("data", (chunk) => near.write(chunk));
    near.on("data", (chunk) => {
      // A request is small and written at once, so that it comes in one chunk.
      const meant = armed && !armed.happened && chunk.includes(armed.text);
      if (meant && armed) armed.left -= 1;
      if (meant && armed?.left === 0) armed.happened = cut(armed, chunk);
      else far.write(chunk);
    });

    function cut({ what }: Armed, chunk: Buffer): Promise<unknown> {
      if (what === "request") {
        near.destroy();
        return Promise.resolve();
      }
      // The store reads the request, then the end of the connection: so it carries the request out, for nobody.
      far.removeAllListeners("data");
      far.resume();
      far.end(chunk);
      return once(far, "close");
    }
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });

  const url = new URL(target);
  url.hostname = "127.0.0.1";
  url.port = String((listener.address() as AddressInfo).port);
  return {
    url: url.href,
    lose(text, what, nth = 1) {
      const loss: Armed = { text, what, left: nth };
      armed = loss;
      return {
        end: async () => {
          armed = undefined;
          await loss.happened;
          return loss.happened !== undefined;
        },
      };
    },
  };
}
