import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** What a caller may send as X-Request-Id: nothing odd in a log line, and nothing that could be a phone number. */
const GIVEN = /^(?![\d.:-]{7,20}$)[\w.:-]{1,128}$/;

/** Tells the ids of one process from those of another, and of its next start. */
const PREFIX = randomBytes(4).toString("hex");

/** W3C Trace Context: version, trace id, parent id, flags; later versions may go on after them. */
const TRACEPARENT =
  /^(?:00|(?!ff)[0-9a-f]{2}(?=-.{52}(?:-|$)))-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/;

const NOTHING = /^0+$/;

let count = 0;

/** The id that the caller gave a request, or one of our own; in figures, since letters come to spell words. */
export function requestId({ headers }: IncomingMessage): string {
  const given = headers["x-request-id"];
  if (typeof given === "string" && GIVEN.test(given)) return given;
  count += 1;
  return `${PREFIX}-${count}`;
}

/** The trace that the caller says a request belongs to (32 hex digits), or undefined. */
export function traceOf({ headers }: IncomingMessage): string | undefined {
  const { traceparent } = headers;
  if (typeof traceparent !== "string") return undefined;
  if (traceparent.startsWith("00") && traceparent.length !== 55) {
    return undefined;
  }
  const [, trace = "0", parent = "0"] = TRACEPARENT.exec(traceparent) ?? [];
  return NOTHING.test(trace) || NOTHING.test(parent) ? undefined : trace;
}
