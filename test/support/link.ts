import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Owner } from "./owner.js";

/** A link between a server and a store, and what can happen to it. */
export type Link = {
  /** the target's URL, by way of the proxy */
  url: string;
  /** From now on nothing goes through, in either direction, for old connections and new ones. */
  silence(): void;
  /** New connections work again. What was silenced stays silent, as a half-open link does. */
  restore(): void;
  /** Every byte takes so many milliseconds longer, each way. */
  delay(milliseconds: number): void;
  /** The next reply is swallowed, after the store has done what was asked, and its connection cut. */
  dropReply(): void;
  /** The next reply is cut in its middle, and its connection with it. */
  cutReply(): void;
  /** Requests go through, replies wait. */
  hold(): void;
  /** The replies that waited go on, none is lost. */
  release(): void;
  /** From now on the link leads to another store: old connections end, as in a failover. */
  lead(target: string): void;
  /** New connections lead to another store, old ones stay where they are. */
  divert(target: string): void;
  /** Cuts all connections. */
  cut(): void;
};

/** Stands between a server and a store, until its owner ends. */
export async function createProxy(t: Owner, target: string): Promise<Link> {
  let to = new URL(target);
  const pairs = new Set<[Socket, Socket]>();
  let silent = false;
  let held = false;
  let lag = 0;
  let loss: "drop" | "cut" | undefined;

  const listener = createServer((near) => {
    const far = connect(Number(to.port), to.hostname);
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    for (const socket of pair) {
      socket.on("error", () => {});
      socket.on("close", () => {
        if (!silent) end(pair);
      });
    }
    const there = line(far);
    const back = line(near);
    near.on("data", (chunk) => there(chunk));
    far.on("data", (chunk) => {
      if (loss === undefined) return back(chunk);
      if (loss === "cut") near.write(chunk.subarray(0, chunk.length / 2));
      loss = undefined;
      end(pair);
    });
    if (silent) hush(pair);
    if (held) far.pause();
  });

  /** Writes to a socket what it is given, each chunk after the lag of its time and never before an earlier one. */
  function line(socket: Socket) {
    const waiting: { chunk: Buffer; due: number }[] = [];
    const write = () => {
      while (waiting[0] && waiting[0].due <= performance.now()) {
        socket.write(waiting.shift()?.chunk ?? "");
      }
      const [next] = waiting;
      if (next) setTimeout(write, next.due - performance.now());
    };
    return (chunk: Buffer) => {
      if (lag === 0 && waiting.length === 0) {
        socket.write(chunk);
        return;
      }
      waiting.push({ chunk, due: performance.now() + lag });
      if (waiting.length === 1) setTimeout(write, lag);
    };
  }

  function end(pair: [Socket, Socket]): void {
    pairs.delete(pair);
    for (const socket of pair) {
      // A half-written reply still goes out.
      if (socket.writableLength > 0) socket.destroySoon();
      else socket.destroy();
    }
  }

  function cut(): void {
    for (const pair of pairs) end(pair);
  }

  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  t.teardown(() => {
    cut();
    listener.close();
  });

  const url = new URL(target);
  url.hostname = "127.0.0.1";
  url.port = String((listener.address() as AddressInfo).port);
  return {
    url: url.href,
    silence() {
      silent = true;
      for (const pair of pairs) hush(pair);
    },
    restore() {
      silent = false;
    },
    delay(milliseconds) {
      lag = milliseconds;
    },
    dropReply() {
      loss = "drop";
    },
    cutReply() {
      loss = "cut";
    },
    hold() {
      held = true;
      for (const [, far] of pairs) far.pause();
    },
    release() {
      held = false;
      for (const [, far] of pairs) far.resume();
    },
    lead(target) {
      to = new URL(target);
      cut();
    },
    divert(target) {
      to = new URL(target);
    },
    cut,
  };
}

/** A paused socket takes nothing more out of the kernel's buffer, and its other end learns nothing. */
function hush(pair: [Socket, Socket]): void {
  for (const socket of pair) {
    socket.removeAllListeners("data");
    socket.pause();
  }
}
