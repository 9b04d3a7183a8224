import { Agent, request } from "node:http";
import { type Body, told } from "../support/post.js";

/** One request and what came back. Times are milliseconds since the run began. */
export type Entry = {
  act: "draw" | "redeem";
  user: string;
  campaign: string;
  key: string | undefined;
  slot: number;
  at: number;
  took: number;
  /** 0: the connection broke; -1: no answer came while we waited */
  status: number;
  what: ReturnType<typeof told>;
  /** of the result in the answer */
  id: string | undefined;
  prize: string | undefined;
};

/** How long a client waits, in milliseconds: longer than any answer may take, so that late ones are seen. */
const PATIENCE = 6_000;

const kept = new Agent({ keepAlive: true, maxSockets: 200 });

type Answer = { status: number; body: Body };

/** A POST without a retry, over a connection that is kept unless told otherwise. `status` 0 or -1: no answer came. */
export function send(
  url: string,
  payload: unknown,
  key?: string,
  agent: Agent | false = kept,
): Promise<Answer> {
  const text = JSON.stringify(payload);
  const none = (status: number): Answer => ({
    status,
    body: { success: false },
  });
  return new Promise((resolve) => {
    const asking = request(url, {
      agent,
      method: "POST",
      headers: {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(text),
        ...(key !== undefined && { "idempotency-key": key }),
      },
    });
    const timer = setTimeout(() => {
      resolve(none(-1));
      asking.destroy();
    }, PATIENCE);
    const end = (answer: Answer) => {
      clearTimeout(timer);
      resolve(answer);
    };
    asking.on("error", () => end(none(0)));
    asking.on("response", (response) => {
      let received = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => {
        received += chunk;
      });
      response.on("error", () => end(none(0)));
      response.on("end", () =>
        end({ status: response.statusCode ?? 0, body: JSON.parse(received) }),
      );
    });
    asking.end(text);
  });
}

/** Closes the connections that are kept. */
export const hangUp = () => kept.destroy();

/** What the journal keeps of an answer. */
export function read({ status, body }: Answer) {
  const { id, prize_id } = body.data?.result ?? {};
  return { status, what: told(body), id, prize: prize_id };
}
