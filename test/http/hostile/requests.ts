import { METHODS } from "node:http";
import fc from "fast-check";

/** A request, in a form that is easy to read where a failure prints it. */
export type Request = {
  method: string;
  target: string;
  headers: [string, string][];
  body?: string | Uint8Array;
  chunked?: boolean;
};

const JSON_TYPE: [string, string] = ["content-type", "application/json"];

/** A request of the ordinary kind. */
export const post = (target: string, body: string): Request => ({
  method: "POST",
  target,
  headers: [["host", "x"], JSON_TYPE],
  body,
});

/** A request as bytes, framed as HTTP wants it. */
export function toBytes(request: Request): Buffer {
  const { method, target, headers, chunked } = request;
  const body = Buffer.from(request.body ?? "");
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  if (chunked) lines.push("transfer-encoding: chunked");
  else if (request.body !== undefined) {
    lines.push(`content-length: ${body.length}`);
  }
  const head = [`${method} ${target} HTTP/1.1`, ...lines].join("\r\n");
  return Buffer.concat([
    Buffer.from(`${head}\r\n\r\n`, "latin1"),
    chunked ? inChunks(body) : body,
  ]);
}

/** What no honest caller would put into JSON, and values of every other kind. */
const jsonText = fc.oneof(
  fc.json(),
  fc.jsonValue().map((value) => JSON.stringify({ username: value })),
  fc
    .tuple(fc.constantFrom("[", '{"a":', '{"username":['), fc.nat(5_000))
    .map(([open, depth]) => open.repeat(depth)),
  fc.nat(2_000).map((depth) => "[".repeat(depth) + "]".repeat(depth)),
  fc
    .constantFrom(
      "1e999",
      "-1e999",
      "1e-999",
      "-0",
      "9".repeat(4_000),
      `0.${"1".repeat(4_000)}`,
      "9007199254740993",
      "01",
      "0x1",
      "NaN",
      "-Infinity",
    )
    .chain((number) =>
      fc.constantFrom(number, `{"username":${number}}`, `[${number}]`),
    ),
  fc
    .tuple(
      fc.constantFrom(
        "__proto__",
        "constructor",
        "prototype",
        "toString",
        "hasOwnProperty",
        "\\u005f_proto__",
        "username\\u0000",
        "",
      ),
      fc.constantFrom('{"x":1}', '{"prototype":{"x":1}}', "null", '"x"', "[]"),
    )
    .map(([key, value]) => `{"username":"proto","${key}":${value}}`),
  fc
    .string({ unit: "binary", maxLength: 5_000, size: "max" })
    .map((text) => JSON.stringify({ username: text })),
  fc.constantFrom(
    "",
    " ",
    "\ufeff{}",
    "{}{}",
    '{"username":"a","username":"b","username":7}',
    '{"username":"\\ud800"}',
    '{"username":"\\u0000"}',
    "{'username':'a'}",
    '{"username":"a",}',
    '{"username":"a"}\u0000',
  ),
  fc.string({ unit: "binary", maxLength: 200 }),
);

const UUID = "0b0f6a7e-58a5-4f8c-8a6e-3c7f5d2f9a11";

/** Redeem fields, each of them right or not. */
const redeemFields = fc.record(
  {
    id: fc.oneof(fc.constant(UUID), fc.uuid(), fc.jsonValue()),
    username: fc.oneof(fc.string({ unit: "binary" }), fc.jsonValue()),
    phone_no: fc.oneof(
      fc.constantFrom("+85299999999", "+1e9", `+${"9".repeat(3_000)}`),
      fc.string({ unit: fc.constantFrom(..."+0123456789-() ;ext=*#") }),
      fc.jsonValue(),
    ),
    phoneNumber: fc.string({ unit: "binary" }),
  },
  { requiredKeys: [] },
);

/** Bodies for the two routes that read one. */
export const withBody: fc.Arbitrary<Request> = fc
  .record({
    route: fc.constantFrom("POST /draw", "POST /redeem", "GET /redeem"),
    body: fc.oneof(
      jsonText,
      redeemFields.map((fields) => JSON.stringify(fields)),
      fc.uint8Array({ maxLength: 6_000, size: "max" }),
      fc.nat(200_000).map((length) => "x".repeat(length)),
    ),
    chunked: fc.boolean(),
  })
  .map(({ route, body, chunked }) => {
    const [method = "", target = ""] = route.split(" ");
    return { ...post(target, ""), method, body, chunked };
  });

/** What is published of a day; files whose length is not known before they are read are left out. */
export const PUBLISHED = ["", "key.txt", "log-0.tsv", "0/7"].map(
  (name) => `/proof/default/2026-11-20/${name}`,
);

/** Paths of ours, and what may stand behind one. */
const target = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        ...["/draw", "/redeem", "/prizes", "/healthz", "/readyz"],
        ...["/proof", "/proof/results/1", ...PUBLISHED],
      ),
      fc.oneof(
        fc.constantFrom("", "/", "//", "/..", "%00", "%2f", ";x=1", "#x", "?"),
        fc.webQueryParameters().map((query) => `?${query}`),
        redeemFields.map((fields) => `?${query(fields)}`),
        fc.constantFrom(
          "?id=1&id=2",
          "?id[]=1",
          "?__proto__=x&__proto__[a]=b&constructor.prototype=c",
          "?%",
          "?%c0%80&%ff=%fe",
          `?${"&".repeat(9_000)}`,
          `?${"a=b&".repeat(3_000)}`,
        ),
      ),
    )
    .map((parts) => parts.join("")),
  fc.constantFrom(
    "*",
    "/",
    "//",
    "/%",
    "/%c0",
    "/%00",
    "http://x/prizes",
    "http://x",
    "x:80",
    "/../../etc/passwd",
    "/__proto__",
    `/${"a/".repeat(4_000)}`,
    `/${"x".repeat(20_000)}`,
  ),
  fc
    .string({ unit: fc.constantFrom(..."/%.?#&=;:@!~[]{}|\\^\"'<>ab01\u00ff") })
    .map((text) => `/${text}`),
);

export const MADE_UP = ["BREW", "get", "GETT", "X", "PRI", "", "DRAW\t", "GÉT"];

/** Every method that Node knows and some that nobody knows, on any path. */
export const withTarget: fc.Arbitrary<Request> = fc.record({
  method: fc.oneof(
    fc.constantFrom("GET", "POST", "HEAD"),
    fc.constantFrom(...METHODS),
    fc.constantFrom(...MADE_UP),
  ),
  target,
  headers: fc.constant<[string, string][]>([["host", "x"]]),
});

const token = fc.string({
  unit: fc.constantFrom(..."abcxyzABC019-_!#$%&'*+.^`|~"),
  minLength: 1,
  maxLength: 40,
});

const headerValue = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'\t !"%,;=aZ0~\u0080\u00ff\u0001') }),
  fc.nat(20_000).map((length) => "v".repeat(length)),
);

/** Headers that mean something to somebody, with values that mean nothing; those that frame a body are elsewhere. */
const oddHeader = fc.tuple(
  fc.oneof(
    token,
    fc.constantFrom(
      ...["__proto__", "constructor", "toString", "host", "cookie", "accept"],
      ...["idempotency-key", "content-type", "expect", "upgrade", "connection"],
      ...["accept-version", "accept-encoding", "range", "if-none-match", "te"],
      ...[
        "x-forwarded-for",
        "request-id",
        "origin",
        "authorization",
        "trailer",
      ],
      ...["access-control-request-method", "http2-settings", "keep-alive"],
    ),
  ),
  fc.oneof(
    headerValue,
    fc.constantFrom(
      ...["", "100-continue", "200-maybe", "websocket", "h2c", "close"],
      ...["keep-alive", "upgrade", "keep-alive, upgrade, x", "timeout=0"],
      ...["application/json; charset=", "application/json;;;", "gzip;q=-1"],
      ...["bytes=0-", "9".repeat(400), "a, b, c", "\u00ff\u00fe"],
    ),
  ),
);

/** Header floods and odd headers, on every route; some without a Host. */
export const withHeaders: fc.Arbitrary<Request> = fc
  .record({
    request: fc.constantFrom(
      post("/draw", '{"username":7}'),
      post("/redeem", "{}"),
      { method: "GET", target: "/prizes" },
      { method: "GET", target: "/redeem?id=1" },
      { method: "GET", target: "/healthz" },
      { method: "GET", target: "/readyz" },
      { method: "GET", target: "/proof" },
      ...PUBLISHED.map((target) => ({ method: "GET", target })),
      { method: "GET", target: "/nowhere" },
    ),
    host: fc.constantFrom<[string, string][][]>([["host", "x"]], []),
    odd: fc.array(oddHeader, { maxLength: 4 }),
    flood: fc.oneof(
      fc.constant<[string, string][]>([]),
      fc
        .tuple(fc.nat(3_000), token, fc.boolean())
        .map(([count, name, same]) =>
          Array.from({ length: count }, (_, n): [string, string] => [
            same ? name : name + n,
            "",
          ]),
        ),
    ),
  })
  .map(({ request, host, odd, flood }) => ({
    ...request,
    headers: [
      ...host,
      ...("body" in request ? [JSON_TYPE] : []),
      ...odd,
      ...flood,
    ],
  }));

const contentType = fc.oneof(
  fc.constantFrom(
    ...["application/json", "APPLICATION/JSON", "application/json; charset=x"],
    ...["application/json;charset=utf-16le", 'application/json; charset="'],
    ...["application/problem+json", "application/ld+json", "text/json"],
    ...["text/plain", "text/html", "text/xml", "application/xml", "text/csv"],
    ...["application/x-www-form-urlencoded", "application/octet-stream"],
    ...["multipart/form-data", "multipart/form-data; boundary=x", "image/png"],
    ...["application/graphql", "application/x-ndjson", "application/cbor"],
    ...["application/x-protobuf", "application/msgpack", "audio/mpeg"],
    ...["message/http", "", "/", "*/*", "application/", "json", ";", "null"],
    ...["application/json, text/plain", "application/json\ttext", "\u00ff/x"],
  ),
  fc.tuple(token, token).map((parts) => parts.join("/")),
  headerValue,
);

/** A GET with a body of any type, or of none. */
export const getWithBody: fc.Arbitrary<Request> = fc
  .record({
    target: fc.constantFrom(
      ...["/redeem", "/redeem?id=1", "/prizes", "/healthz", "/readyz", "/x"],
      ...["/proof", ...PUBLISHED],
    ),
    type: fc.option(contentType),
    body: fc.oneof(
      jsonText,
      fc.uint8Array({ maxLength: 100 }),
      fc.constantFrom(
        "",
        '--x\r\ncontent-disposition: form-data; name="id"\r\n\r\n1\r\n--x--',
        "id=1&username=a",
        "GET /prizes HTTP/1.1\r\nhost: x\r\n\r\n",
      ),
    ),
    chunked: fc.boolean(),
  })
  .map(({ type, ...request }) => ({
    ...request,
    method: "GET",
    headers: [
      ["host", "x"],
      ...(type === null ? [] : [["content-type", type]]),
    ] as [string, string][],
  }));

function inChunks(body: Buffer): Buffer {
  const sizes = body.length > 0 ? [body.length] : [];
  return Buffer.concat([
    ...sizes.map((size) => Buffer.from(`${size.toString(16)};ext=1\r\n`)),
    body,
    Buffer.from(sizes.length > 0 ? "\r\n0\r\n\r\n" : "0\r\n\r\n"),
  ]);
}

function query(fields: Record<string, unknown>): string {
  const pairs = Object.entries(fields).map(([name, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return `${name}=${encodeURIComponent(text.toWellFormed())}`;
  });
  return pairs.join("&");
}
