import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import t, { type Test } from "tap";
import { post, told } from "../support/post.js";
import { listing, startProcess } from "../support/server-process.js";
import { setPrizes } from "../support/set-prizes.js";
import { until } from "../support/until.js";
import { createWorld } from "../support/world.js";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";
const headers = { traceparent: `00-${TRACE}-${PARENT}-01` };

type Attributes = { key: string; value: Record<string, unknown> }[];

type Span = {
  traceId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  attributes: Attributes;
  status: { code?: number; message?: string };
};

type Export = {
  resourceSpans: {
    resource: { attributes: Attributes };
    scopeSpans: { spans: Span[] }[];
  }[];
};

const attribute = (attributes: Attributes, key: string) =>
  Object.values(attributes.find((it) => it.key === key)?.value ?? {})[0];

/** An OpenTelemetry collector, as far as OTLP over HTTP with JSON goes. */
async function startCollector(t: Test) {
  const exports: Export[] = [];
  const texts: string[] = [];
  const listener = createServer(async (request, answer) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    if (request.url === "/v1/traces") {
      texts.push(text);
      exports.push(JSON.parse(text) as Export);
    }
    answer.setHeader("content-type", "application/json").end("{}");
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  t.teardown(() => {
    listener.closeAllConnections();
    listener.close();
  });
  const { port } = listener.address() as AddressInfo;
  const resources = () => exports.flatMap((it) => it.resourceSpans);
  const spans = () =>
    resources().flatMap((it) => it.scopeSpans.flatMap((scope) => scope.spans));
  return { url: `http://127.0.0.1:${port}`, texts, resources, spans };
}

t.test("a draw is a span of its caller's trace", async (t) => {
  const world = await createWorld(t);
  const collector = await startCollector(t);
  const settings = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    LOG_LEVEL: "debug",
  };
  const server = await startProcess(t, world, settings);
  await setPrizes(world, [{ id: "SURE" }]);
  await listing([server], "SURE");
  const username = "zoe-the-user";
  const draw = await post(`${server.url}/draw`, { username }, headers);
  t.equal(told(draw.body), "won");
  const query = new URLSearchParams({
    id: draw.body.data?.result?.id ?? "",
    username,
    phone_no: "91234567",
    [username]: "1",
  });
  await fetch(`${server.url}/redeem?${query}`, { headers });
  await fetch(`${server.url}/${username}`);
  t.equal(await server.end("SIGTERM"), 0, "what waits is sent by the stop");

  const find = (name: string) =>
    collector.spans().filter((span) => span.name === name);
  const [drawn, ...others] = find("POST /draw");
  t.same(others, []);
  t.match(drawn, { traceId: TRACE, parentSpanId: PARENT, kind: 2 });
  const of = (key: string) => attribute(drawn?.attributes ?? [], key);
  t.equal(of("http.request.method"), "POST");
  t.equal(of("http.route"), "/draw");
  t.equal(of("http.response.status_code"), 200);
  t.equal(of("request.id"), draw.headers.get("x-request-id"));
  const [resource] = collector.resources();
  const service = resource?.resource.attributes ?? [];
  t.equal(attribute(service, "service.name"), "lucky-draw");

  const [redeemed] = find("GET /redeem");
  t.match(redeemed, { traceId: TRACE, status: { message: "INVALID_REQUEST" } });
  const [unknown] = find("GET none");
  t.ok(unknown && unknown.traceId !== TRACE, "a trace of its own");
  const all = collector.texts.join("\n");
  t.notMatch(all, username);
  t.notMatch(all, "91234567");
  t.ok(
    server.lines.some((line) => line.includes(unknown?.traceId ?? "none")),
    "which the log names",
  );
});

t.test("a collector that is away harms nobody", async (t) => {
  const silent = createServer(() => {});
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  t.teardown(() => {
    silent.closeAllConnections();
    silent.close();
  });
  const { port } = silent.address() as AddressInfo;
  for (const endpoint of [`http://127.0.0.1:${port}`, "http://127.0.0.1:1"]) {
    const world = await createWorld(t);
    const settings = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
    const server = await startProcess(t, world, settings);
    await setPrizes(world, [{ id: "SURE" }]);
    await listing([server], "SURE");
    for (let n = 0; n < 20; n += 1) {
      const username = `${endpoint} ${n}`;
      const began = performance.now();
      t.equal((await post(`${server.url}/draw`, { username })).status, 200);
      t.ok(performance.now() - began < 1_000);
    }
    const began = performance.now();
    t.equal(await server.end("SIGTERM"), 0);
    t.ok(performance.now() - began < 5_000);
  }
});

t.test("without an endpoint nothing is traced", async (t) => {
  const world = await createWorld(t);
  const collector = await startCollector(t);
  const server = await startProcess(t, world);
  await until("an answer", () => fetch(`${server.url}/healthz`));
  t.equal(await server.end("SIGTERM"), 0);
  t.same(collector.spans(), []);
});
