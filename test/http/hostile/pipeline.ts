import fc from "fast-check";
import { type Answer, mustBeOurs } from "./answers.js";
import { post, type Request, toBytes } from "./requests.js";
import type { Sending } from "./wire.js";

/** A request, and the status of its answer wherever it stands. */
type Known = { request: Request; status: number };

const host: [string, string] = ["host", "x"];
const get = (target: string, rest: Partial<Request> = {}): Request => ({
  method: "GET",
  target,
  headers: [host],
  ...rest,
});

/** Requests that a server must not run together, also where one's body looks like the next one's head. */
const SMUGGLED = "GET /prizes HTTP/1.1\r\nhost: x\r\n\r\n";
const KNOWN: Known[] = [
  { request: get("/healthz"), status: 200 },
  { request: get("/prizes"), status: 200 },
  { request: get("/readyz"), status: 200 },
  { request: get("/nowhere"), status: 404 },
  { request: get("/%c0"), status: 400 },
  { request: get("/nowhere", { body: SMUGGLED }), status: 404 },
  { request: get("/redeem", { body: SMUGGLED, chunked: true }), status: 400 },
  {
    request: get("/healthz", { headers: [host, ["expect", "a miracle"]] }),
    status: 200,
  },
  { request: get("/healthz", { method: "HEAD" }), status: 200 },
  { request: get("/healthz", { method: "OPTIONS" }), status: 204 },
  { request: get("*", { method: "OPTIONS", body: SMUGGLED }), status: 204 },
  { request: get("/draw", { method: "PROPFIND", body: "{" }), status: 405 },
  { request: post("/draw", '{"username":7}'), status: 400 },
  { request: post("/draw", SMUGGLED), status: 400 },
  { request: post("/draw", SMUGGLED.repeat(150)), status: 400 },
  {
    request: { ...post("/draw", SMUGGLED.repeat(150)), chunked: true },
    status: 400,
  },
  { request: post("/draw", '{"username":"pipeline"}'), status: 200 },
  { request: post("/redeem", '{"id":1}'), status: 400 },
  { request: post("/nowhere", "{}"), status: 404 },
  { request: { ...post("/draw", "{"), chunked: true }, status: 400 },
];

export const pipelines = fc.array(fc.constantFrom(...KNOWN), {
  minLength: 1,
  maxLength: 60,
  size: "max",
});

export function pipelined(requests: Known[], apart: boolean): Sending {
  const all = requests.map(({ request }) => toBytes(request));
  return {
    pieces: apart ? all : [Buffer.concat(all)],
    methods: requests.map(({ request }) => request.method),
    answers: requests.length,
  };
}

/** Throws unless each request has its own answer, in order, up to one that says that the connection ends. */
export function mustBeInOrder(requests: Known[], answers: Answer[]): void {
  const told = answers.map(({ status }) => status);
  const expected = requests.map(({ status }) => status);
  for (const [n, answer] of answers.entries()) {
    mustBeOurs(answer, requests[n]?.request.method);
    if (told[n] !== expected[n]) throw new Error(`${told}, not ${expected}`);
  }
  const last = answers.at(-1)?.headers.get("connection");
  if (answers.length < requests.length && last !== "close") {
    throw new Error(`only ${told} of ${expected}`);
  }
}
