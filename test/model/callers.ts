import { once } from "node:events";
import { connect } from "node:net";
import { within } from "../../src/deadline.js";
import { post } from "../support/post.js";
import type { Answer } from "./answers.js";

/** Promise 8 has two seconds, a busy machine a few more. */
const PATIENCE = 5_000;

/** One POST /draw. Rejects where no answer comes. */
export function draw(
  url: string,
  user: string,
  key: string | null,
): Promise<Answer> {
  const headers = key === null ? {} : { "idempotency-key": key };
  return within(
    PATIENCE,
    post(`${url}/draw`, { username: user }, headers),
    () => new Error(`no answer for ${user} within five seconds`),
  );
}

/** Sends a draw whose answer is not waited for; returns a function that hangs up. */
export function drawAndLeave(url: string, user: string, key: string | null) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  const body = JSON.stringify({ username: user });
  const head = [
    "POST /draw HTTP/1.1",
    "host: x",
    "content-type: application/json",
    `content-length: ${body.length}`,
    ...(key === null ? [] : [`idempotency-key: ${key}`]),
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  return async () => {
    const closed = once(socket, "close");
    socket.destroy();
    if (!socket.closed) await closed;
  };
}
