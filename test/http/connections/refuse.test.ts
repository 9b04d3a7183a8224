import { once } from "node:events";
import {
  Agent,
  get,
  type IncomingMessage,
  request as requestOf,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";
import Fastify from "fastify";
import t, { type Test } from "tap";
import { retryAfter } from "../../../src/errors.js";
import { trustedOf } from "../../../src/http/access/trusted.js";
import { serveInLine } from "../../../src/http/connections/lines.js";
import { takeTurns } from "../../../src/http/connections/turns.js";
import { refuseWhenFull } from "../../../src/http/refuse.js";

/** A server that is full when a test says so, and one connection to it. */
async function setUp(t: Test, trusted?: string) {
  const state = { full: true, read: 0, pauses: 0, waits: [] as number[] };
  const app = Fastify({ trustProxy: trustedOf(trusted) });
  serveInLine(app.server, takeTurns(app.server));
  const isFull = (waited = 0) => {
    state.waits.push(waited);
    return state.full;
  };
  refuseWhenFull(app, { isFull });
  app.route({
    method: ["GET", "POST"],
    url: "/",
    handler: async () => {
      state.read += 1;
      return {};
    },
  });
  app.server.on("connection", (socket: Socket) => {
    const pause = socket.pause.bind(socket);
    socket.pause = () => {
      state.pauses += 1;
      return pause();
    };
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(async () => {
    agent.destroy();
    await app.close();
  });
  const { port } = app.server.address() as AddressInfo;

  async function ask(headers: Record<string, string> = {}, payload?: string) {
    const method = payload === undefined ? "GET" : "POST";
    const at = { port, host: "127.0.0.1", agent, headers, method };
    const request = requestOf(at).end(payload);
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    const body = await text(answer);
    const { statusCode: status, headers: told } = answer;
    return { status, told, body, reused: request.reusedSocket };
  }

  /** Asks again and again, until it is not read: on a busy machine two of them may be a second apart. */
  async function hammer(
    headers: Record<string, string> = {},
    payload?: string,
  ) {
    for (let n = 0; n < 20 && state.pauses === 0; n += 1) {
      await ask(headers, payload);
    }
  }

  /** So many connections at the same moment, with a request each. */
  async function crowd(callers: number) {
    const one = async () => {
      const request = get({ port, host: "127.0.0.1", agent: false });
      const [answer] = (await once(request, "response")) as [IncomingMessage];
      await text(answer);
    };
    await Promise.all(Array.from({ length: callers }, one));
  }

  return { state, ask, hammer, crowd };
}

t.test("a refusal is a 503 before the route, told when to come", async (t) => {
  const { state, ask } = await setUp(t);
  const { status, told, body } = await ask();
  t.equal(status, 503);
  t.match(told["retry-after"], /^[1-4]$/);
  t.match(JSON.parse(body), { success: false, code: "UNAVAILABLE" });
  t.equal(state.read, 0);
});

t.test("who was refused once is served like any other", async (t) => {
  const { state, ask } = await setUp(t);
  await ask();
  state.full = false;
  for (let n = 0; n < 5; n += 1) {
    const { status, reused } = await ask();
    t.equal(status, 200);
    t.ok(reused, "on the same connection");
  }
  t.equal(state.pauses, 0);
});

for (const [what, payload] of [
  ["", undefined],
  // Node reads on to get rid of a body that nobody read.
  [", with a body", '{"username":"ann"}'],
]) {
  t.test(`who does not wait is not read for a second${what}`, async (t) => {
    const { state, ask, hammer } = await setUp(t);
    const headers = payload ? { "content-type": "application/json" } : {};
    const began = performance.now();
    await hammer(headers, payload);
    t.ok(state.pauses > 0);
    state.full = false;
    const { status } = await ask(headers, payload);
    t.equal(status, 200, "and then served");
    t.ok(performance.now() - began > 990);
  });
}

t.test("a trusted proxy's connection carries many callers", async (t) => {
  const { state, ask } = await setUp(t, "1");
  for (let n = 0; n < 10; n += 1) {
    const { status } = await ask({ "x-forwarded-for": `192.0.2.${n}` });
    t.equal(status, 503);
  }
  t.equal(state.pauses, 0);
});

t.test("a header that nobody trusts makes no proxy", async (t) => {
  const { state, hammer } = await setUp(t);
  await hammer({ "x-forwarded-for": "192.0.2.1" });
  t.ok(state.pauses > 0);
});

t.test("a crowd comes back in four parts of one size", async (t) => {
  const parts = [0, 0.249, 0.25, 0.5, 0.75, 0.999].map(retryAfter);
  t.same(parts, [1, 1, 2, 3, 4, 4]);
});

t.test("what a request has waited to be read counts", async (t) => {
  const { state, ask, crowd } = await setUp(t);
  await ask();
  t.same(state.waits, [0]);
  await crowd(50);
  t.equal(state.waits.filter((it) => it > 0).length, 42, "all but the first");
});
