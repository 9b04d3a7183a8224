import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Test } from "tap";

/** A link that can go silent: connections stay open, bytes stop. */
export type Proxy = {
  /** the target's URL, by way of the proxy */
  url: string;
  /** From now on nothing goes through, in either direction, for old connections and new ones. */
  silence(): void;
  /** New connections work again. What was silenced stays silent, as a half-open link does. */
  restore(): void;
};

/** Stands between a server and a store, until the test ends. */
export async function createProxy(t: Test, target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let silent = false;

  const listener = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        if (!silent) [near, far].map((end) => end.destroy());
      });
    }
    if (silent) return;
    near.pipe(far);
    far.pipe(near);
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
    silence() {
      silent = true;
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    restore() {
      silent = false;
    },
  };
}
