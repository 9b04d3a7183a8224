import { createConnection } from "node:net";

/**
 * A process of its own: so many callers at the same moment, each on a new connection, each with one draw of a new user.
 * `crowd.ts URL CALLERS NAME`. Prints what came back as JSON, times in milliseconds from that moment.
 */
const [url = "", callers, name] = process.argv.slice(2);
const { hostname, port } = new URL(url);

type Answer = {
  status: number;
  took: number;
  retryAfter: number;
  /** what came instead of an answer */
  instead: string;
};

const began = performance.now();
const answers = await Promise.all(
  Array.from({ length: Number(callers) }, (_, n) => ask(`${name} ${n}`)),
);
const of = (wanted: number) => answers.filter((it) => it.status === wanted);
const times = (wanted: number) => of(wanted).map(({ took }) => took);
console.log(
  JSON.stringify({
    accepted: times(200),
    refused: times(503),
    other: answers
      .filter(({ status }) => status !== 200 && status !== 503)
      .map(({ instead }) => instead),
    retryAfter: of(503).map(({ retryAfter }) => retryAfter),
  }),
);

/** Status 0: it was cut off. */
function ask(username: string): Promise<Answer> {
  const body = JSON.stringify({ username });
  const request = [
    "POST /draw HTTP/1.1",
    `Host: ${hostname}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ].join("\r\n");
  return new Promise((resolve) => {
    let text = "";
    let error = "closed";
    const end = (status: number) => {
      const took = performance.now() - began;
      const retryAfter = Number(/retry-after: (\d+)/i.exec(text)?.[1] ?? 0);
      const instead = `${error} after ${took.toFixed()} ms: ${text.slice(0, 40)}`;
      resolve({ status, took, retryAfter, instead });
      socket.destroy();
    };
    const socket = createConnection(Number(port), hostname, () => {
      socket.write(request);
    });
    socket.on("error", (cause: NodeJS.ErrnoException) => {
      error = cause.code ?? cause.message;
    });
    socket.on("close", () => end(0));
    socket.on("data", (chunk) => {
      text += chunk;
      const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
      if (status && /\}$/.test(text)) end(Number(status));
    });
  });
}
