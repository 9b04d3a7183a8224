import { request } from "node:http";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import t, { type Test } from "tap";
import { type Body, told } from "../support/post.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";

const ADMIN_TOKEN = "an-administrators-token-of-the-tests";

/** A request as it is, which fetch would not send. */
function ask(
  url: string,
  method: string,
  headers: Record<string, string> = {},
  payload?: string | Buffer,
) {
  return new Promise<{
    status: number;
    headers: Record<string, unknown>;
    text: string;
  }>((resolve, reject) => {
    const call = request(url, { method, headers, agent: false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk) => {
        text += chunk;
      });
      answer.on("end", () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          text,
        }),
      );
    });
    call.on("error", reject);
    call.end(payload);
  });
}

async function start(t: Test) {
  const world = await createWorld(t);
  const settings = { ADMIN_TOKEN, METRICS: "on", PAGE: "on" } as const;
  const server = await startServer(t, world, { settings });
  await setPrizes(world, [{ id: "SURE" }], server);
  return { world, server, url: server.url };
}

const admin = { authorization: `Bearer ${ADMIN_TOKEN}` };
const json = { "content-type": "application/json" };

t.test("HEAD answers as GET does, without a body", async (t) => {
  const { server, url } = await start(t);
  const page = await (await fetch(`${url}/`)).text();
  const script = /assets\/\w+\/page\.js/.exec(page)?.[0];
  const paths = [
    ..."/ /admin/ /admin /prizes /healthz /readyz /docs /docs/ /docs/json /docs/yaml /metrics".split(
      " ",
    ),
    `/${script}`,
    ..."/admin/prizes /admin/history /admin/results /admin/results.csv /admin/figures /nowhere".split(
      " ",
    ),
  ];
  for (const path of paths) {
    const get = await ask(url + path, "GET", admin);
    const head = await ask(url + path, "HEAD", admin);
    t.equal(head.status, get.status, path);
    t.equal(head.text, "", path);
    for (const name of ["content-type", "cache-control", "etag", "location"]) {
      t.equal(head.headers[name], get.headers[name], `${path} ${name}`);
    }
    if (path !== "/metrics" && get.headers["transfer-encoding"] === undefined) {
      t.equal(
        head.headers["content-length"],
        get.headers["content-length"],
        path,
      );
    }
  }
  const live = await ask(`${url}/admin/live`, "HEAD", admin);
  t.match(live, { status: 200, text: "" }, "it ends");
  t.equal((await ask(`${url}/admin/prizes`, "HEAD")).status, 401);
  await server.close();
});

t.test("HEAD draws and redeems nothing", async (t) => {
  const { server, world, url } = await start(t);
  const won = (await server.draw("ann")).body.data?.result;
  const query = new URLSearchParams({ id: won?.id ?? "", username: "ann" });
  const head = await ask(`${url}/redeem?${query}`, "HEAD");
  t.match(head, { status: 405, headers: { allow: "GET, OPTIONS, POST" } });
  t.equal((await ask(`${url}/draw?username=bob`, "HEAD")).status, 405);
  const rows = await world.sql`select user_id, redeemed_at from result`;
  t.same([...rows], [{ user_id: "ann", redeemed_at: null }]);
});

t.test("a method that a path does not have is told which it has", async (t) => {
  const { url } = await start(t);
  const cases: [string, string, string][] = [
    ["GET", "/draw", "OPTIONS, POST"],
    ["PUT", "/redeem", "GET, OPTIONS, POST"],
    ["DELETE", "/prizes", "GET, HEAD, OPTIONS"],
    ["POST", "/", "GET, HEAD, OPTIONS"],
    ["GET", "/admin/prizes/MUG", "DELETE, OPTIONS, PATCH"],
    ["POST", "/docs/json", "GET, HEAD, OPTIONS"],
  ];
  for (const [method, path, allow] of cases) {
    const answer = await ask(url + path, method);
    t.equal(answer.status, 405, path);
    t.equal(answer.headers.allow, allow, path);
    t.match(JSON.parse(answer.text), {
      code: "METHOD_NOT_ALLOWED",
      error: `There is no ${method} on this path, but ${allow}.`,
    });
    const options = await ask(url + path, "OPTIONS", {
      origin: "https://elsewhere.example",
      "access-control-request-method": "POST",
    });
    t.match(options, { status: 204, text: "", headers: { allow } });
    t.notOk(options.headers["access-control-allow-origin"], "no CORS");
  }
  t.equal((await ask(`${url}/nowhere`, "OPTIONS")).status, 404);
  t.equal((await ask(`${url}/nowhere`, "POST", json, "{}")).status, 404);
});

t.test(
  "a type without a body is no mistake where none is needed",
  async (t) => {
    const { url } = await start(t);
    const types = [
      "application/json",
      "text/plain",
      "nonsense",
      "multipart/form-data",
    ];
    for (const type of types) {
      const headers = { "content-type": type, ...admin, "if-match": "*" };
      for (const path of ["/prizes", "/healthz", "/", "/admin/prizes"]) {
        t.equal((await ask(url + path, "GET", headers)).status, 200, path);
        t.equal((await ask(url + path, "HEAD", headers)).status, 200, path);
      }
      const gone = await ask(`${url}/admin/prizes/SURE`, "DELETE", headers);
      t.equal(gone.status, 200, gone.text);
      const empty = { ...headers, "content-length": "0" };
      const again = await ask(`${url}/admin/prizes/SURE`, "DELETE", empty);
      t.equal(again.status, 200, again.text);
      t.equal((await ask(`${url}/draw`, "OPTIONS", headers)).status, 204);
    }
    const query = "id=11111111-1111-4111-8111-111111111111&username=ann";
    const odd = await ask(`${url}/redeem?${query}`, "GET", {
      "content-type": "text/html",
    });
    t.equal(odd.status, 404);
    const text = await ask(
      `${url}/redeem`,
      "GET",
      { "content-type": "text/plain", "content-length": "2" },
      "{}",
    );
    t.match(JSON.parse(text.text), { error: /^body: must be JSON, sent with/ });
  },
);

t.test("a compressed body is refused as what it is", async (t) => {
  const { server, url } = await start(t);
  const body = Buffer.from('{"username":"ann"}');
  const packed = {
    gzip: gzipSync(body),
    deflate: deflateSync(body),
    br: brotliCompressSync(body),
    "x-gzip": gzipSync(body),
    "gzip, identity": gzipSync(Buffer.alloc(10_000_000)),
  };
  for (const [encoding, payload] of Object.entries(packed)) {
    const headers = { ...json, "content-encoding": encoding };
    const answer = await ask(`${url}/draw`, "POST", headers, payload);
    t.equal(answer.status, 400, encoding);
    t.match(JSON.parse(answer.text), {
      code: "INVALID_REQUEST",
      error: /^Content-Encoding: must be left out: bodies are read as they are/,
    });
  }
  const plain = { ...json, "content-encoding": "Identity" };
  const drawn = await ask(`${url}/draw`, "POST", plain, body);
  t.equal(told(JSON.parse(drawn.text) as Body), "won", "none used up");
  const none = await ask(`${url}/prizes`, "GET", {
    "content-encoding": "gzip",
  });
  t.equal(none.status, 200);
  await server.settlements.idle();
});

t.test("every route tells its own limit of a body", async (t) => {
  const { url } = await start(t);
  const cases: [string, string, number, string][] = [
    ["POST", "/draw", 5_000, "4 KiB"],
    ["POST", "/redeem", 5_000, "4 KiB"],
    ["PATCH", "/admin/prizes/SURE", 5_000, "4 KiB"],
    ["POST", "/admin/prizes", 1_100_000, "1 MiB"],
    ["PUT", "/admin/prizes", 1_100_000, "1 MiB"],
    ["POST", "/admin/simulation", 1_100_000, "1 MiB"],
  ];
  for (const [method, path, size, limit] of cases) {
    const headers = { ...json, ...admin, "if-match": "*" };
    const payload = JSON.stringify({ title: "x".repeat(size) });
    const whole = { ...headers, "content-length": String(payload.length) };
    for (const given of [whole, headers]) {
      const answer = await ask(url + path, method, given, payload);
      t.match(
        JSON.parse(answer.text),
        { error: `body: must not be larger than ${limit}.` },
        `${method} ${path}`,
      );
    }
  }
});
