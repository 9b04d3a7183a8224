import { STATUS } from "../../../src/errors.js";

/** An HTTP answer, read strictly. */
export type Answer = {
  status: number;
  headers: Map<string, string>;
  body: string;
};

/**
 * The answers at the start of some bytes, and whether something is left behind the last whole one. `methods` are those
 * of the requests, in order. Throws where the bytes are not HTTP/1.1. Interim answers (100) are passed over.
 */
export function readAnswers(bytes: Buffer, methods: string[]) {
  const answers: Answer[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf("\r\n\r\n", at);
    if (end < 0) break;
    const head = readHead(bytes.toString("latin1", at, end));
    const from = end + 4;
    if (head.status < 200) {
      at = from;
      continue;
    }
    // What could not be read as a request has no method either: such an answer, the one without a date, has its body.
    const bodiless =
      head.status === 204 ||
      (methods[answers.length] === "HEAD" && head.headers.has("date"));
    const length = bodiless ? 0 : lengthOf(head.headers);
    if (from + length > bytes.length) break;
    at = from + length;
    answers.push({ ...head, body: bytes.toString("utf8", from, at) });
  }
  return { answers, rest: at < bytes.length };
}

/** Throws unless an answer is one of ours: a status that we tell, our JSON or page, and nothing of our insides. */
export function mustBeOurs(answer: Answer, method = "GET"): void {
  const { status, headers, body } = answer;
  const all = `${status} ${JSON.stringify([...headers])} ${body}`;
  const demand = (holds: boolean, what: string) => {
    if (!holds) throw new Error(`${what}: ${all}`);
  };
  demand(status !== 500, "a mistake of ours");
  demand(status !== 503, "unavailable, with its stores at hand");
  demand(!INSIDES.test(all), "words of our insides");
  if (method === "HEAD" || status === 204) return;
  // `GET *` is the same as `GET /` to Fastify.
  if (status === 200 && isPage(headers)) return;
  if ((status === 200 || status === 206) && isFile(headers)) return;
  demand(isJson(headers), "no JSON");
  const { success, error, code } = parse(body) ?? {};
  if (status === 200) {
    demand(success !== false && error === undefined, "a failure with a 200");
    return;
  }
  const known = STATUS[code as keyof typeof STATUS];
  demand(known === status, "not a code of ours, or not its status");
  demand(success === false, "a failure that does not say so");
  demand(typeof error === "string" && /^\S.*\.$/s.test(error), "no sentence");
}

/** Names of what we are made of, and how a stack trace looks. */
const INSIDES =
  /postgres|redis|relation\b|syntax|sqlstate|evalsha|node_modules|\bat (\/|file:|async |new |Object\.)|\.[jt]s:\d|FST_|HPE_|ERR_|ajv|fastify|undefined|\[object/i;

function readHead(text: string): Omit<Answer, "body"> {
  const [first = "", ...lines] = text.split("\r\n");
  const status = /^HTTP\/1\.1 ([1-5]\d\d) [ -~]+$/.exec(first)?.[1];
  if (!status) throw new Error(`not HTTP: ${text}`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = /^([!#$%&'*+.^`|~\w-]+): ?([\t -~]*)$/.exec(
      line,
    ) ?? [undefined, undefined, undefined];
    if (name === undefined || value === undefined) {
      throw new Error(`not a header: ${line}`);
    }
    if (headers.has(name.toLowerCase())) throw new Error(`twice: ${line}`);
    headers.set(name.toLowerCase(), value);
  }
  return { status: Number(status), headers };
}

/** Every answer of ours is short and known before it leaves: none is chunked, none ends with the connection. */
function lengthOf(headers: Map<string, string>): number {
  const length = headers.get("content-length");
  if (length === undefined || !/^\d+$/.test(length)) {
    throw new Error(`no length: ${JSON.stringify([...headers])}`);
  }
  return Number(length);
}

function isJson(headers: Map<string, string>): boolean {
  return headers.get("content-type") === "application/json; charset=utf-8";
}

function isPage(headers: Map<string, string>): boolean {
  const isHtml = headers.get("content-type") === "text/html; charset=utf-8";
  return isHtml && headers.has("content-security-policy");
}

/** One of a day that anybody can check. */
function isFile(headers: Map<string, string>): boolean {
  const type = headers.get("content-type") ?? "";
  return (
    /^text\/(plain|tab-separated-values);/.test(type) && headers.has("etag")
  );
}

function parse(body: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(body);
  } catch {
    throw new Error(`not JSON: ${body}`);
  }
}
