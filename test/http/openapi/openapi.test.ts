import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Validator } from "@seriousme/openapi-schema-validator";
import t, { type Test } from "tap";
import { parse } from "yaml";
import { type Code, STATUS } from "../../../src/errors.js";
import type {
  Document,
  Media,
  Operation,
} from "../../support/check-answers.js";
import { judgeOf } from "../../support/check-answers.js";
import {
  examplesOf,
  requestsOf,
  seed,
} from "../../support/documented-examples.js";
import { post } from "../../support/post.js";
import { setPrizes } from "../../support/set-prizes.js";
import { startServer } from "../../support/start-server.js";
import { home } from "../../support/temporary-folder.js";
import { createWorld } from "../../support/world.js";

const ADMIN_TOKEN = "an-administrator-s-token-of-the-tests";

const EVENTS = "text/event-stream";

/** All that adds routes. */
const EVERYTHING = { ADMIN_TOKEN, METRICS: "on" as const };

/** And all that adds failures and tokens to them. */
const GUARDED = {
  ...EVERYTHING,
  AUTH_JWT_SECRET: "a-secret-of-the-tests-of-32-characters",
  AUTH_ISSUER: "https://login.example.com/",
  AUTH_AUDIENCE: "lucky-draw",
  RATE_LIMIT_USER: 1_000,
  RATE_LIMIT_ADDRESS: 1_000,
  CLAIM_DAYS: 30,
};

type Settings = NonNullable<Parameters<typeof startServer>[2]>["settings"];

async function serve(t: Test, settings: Settings = {}) {
  const routes: { method: string; url: string; described: boolean }[] = [];
  const world = await createWorld(t);
  const server = await startServer(t, world, {
    settings,
    samplePrizes: true,
    prepare: (app) =>
      app.addHook("onRoute", ({ method, url, schema }) => {
        const described = schema !== undefined && schema.hide !== true;
        // A HEAD is what its GET is.
        for (const one of [method].flat().filter((it) => it !== "HEAD")) {
          routes.push({ method: one.toLowerCase(), url, described });
        }
      }),
  });
  const text = await (await fetch(`${server.url}/docs/json`)).text();
  const document = JSON.parse(text) as Document;
  return { world, server, text, document, routes };
}

function operations(document: Document) {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      path,
      method,
      operation,
      name: `${method.toUpperCase()} ${path}`,
    })),
  );
}

for (const [name, settings] of Object.entries({
  "with nothing on": {},
  "with everything on": EVERYTHING,
  "with everything guarded": GUARDED,
})) {
  t.test(`the document is complete: ${name}`, async (t) => {
    const { document, text, routes } = await serve(t, settings);
    const { valid, errors } = await new Validator().validate(JSON.parse(text));
    t.ok(valid, "valid OpenAPI 3.1", { errors });
    t.match(document.openapi, /^3\.1\./);
    const { misfit } = judgeOf(text);

    const all = operations(document);
    const names = all.map(({ name }) => name);
    for (const known of ["POST /draw", "GET /redeem", "POST /redeem"]) {
      t.ok(names.includes(known), known);
    }
    for (const { method, url, described } of routes) {
      if (!described) continue;
      const path = url.replace(/:(\w+)/g, "{$1}");
      t.ok(document.paths[path]?.[method], `${method} ${url} is described`);
    }
    const ids = all.map(({ operation }) => operation.operationId);
    t.equal(new Set(ids).size, ids.length, "operation ids are unique");

    for (const { path, method, name, operation } of all) {
      t.ok(operation.operationId, `${name} has an operation id`);
      t.ok(operation.summary, `${name} has a summary`);
      t.ok(operation.description, `${name} has a description`);
      t.equal(operation.tags?.length, 1, `${name} has a tag`);
      for (const parameter of operation.parameters ?? []) {
        const said = `${name}: ${parameter.name}`;
        t.ok(parameter.description, `${said} is described`);
        if (parameter.required) {
          t.ok(examplesOf(parameter).length > 0, `${said} has an example`);
        }
      }
      const body = operation.requestBody?.content ?? {};
      const at = ["paths", path, method];
      checkMedia(`${name}: body`, [...at, "requestBody"], body);
      for (const [status, answer] of Object.entries(operation.responses)) {
        const said = `${name}: ${status}`;
        t.ok(answer.description, `${said} is described`);
        t.not(answer.description, "Default Response", said);
        const where = [...at, "responses", status];
        checkMedia(said, where, answer.content ?? {});
        if (Number(status) >= 400) checkCodes(said, status, answer.content);
      }
    }

    function checkMedia(
      said: string,
      where: string[],
      content: Record<string, Media>,
    ) {
      for (const [type, media] of Object.entries(content)) {
        const examples = examplesOf(media);
        t.ok(examples.length > 0, `${said} has an example`);
        for (const example of examples) {
          const schema = [...where, "content", type, "schema"];
          t.equal(misfit(schema, example), undefined, `${said}: it fits`);
        }
      }
    }

    function checkCodes(
      said: string,
      status: string,
      content: Record<string, Media> = {},
    ) {
      for (const media of Object.values(content)) {
        for (const example of examplesOf(media)) {
          const { code } = example as { code?: Code };
          if (code === undefined) continue; // GET /readyz
          t.equal(String(STATUS[code]), status, `${said}: ${code}`);
        }
      }
    }
  });
}

t.test("each part is described where it is on, and only there", async (t) => {
  const bare = (await serve(t)).document;
  const guarded = (await serve(t, GUARDED)).document;
  const draw = ({ paths }: Document) => paths["/draw"]?.post as Operation;
  t.same(bare.components.securitySchemes, {});
  t.same(Object.keys(guarded.components.securitySchemes), [
    "userToken",
    "adminToken",
  ]);
  t.same(draw(guarded).security, [{ userToken: [] }]);
  t.equal(draw(bare).security, undefined);
  const statuses = (document: Document) =>
    Object.keys(draw(document).responses).map(Number);
  t.same(statuses(bare), [200, 400, 404, 409, 410, 500, 503]);
  t.same(statuses(guarded), [200, 400, 401, 403, 404, 409, 410, 429, 500, 503]);
  t.notOk(Object.keys(bare.paths).some((path) => path.startsWith("/admin")));
  const redeemStatuses = ({ paths }: Document) =>
    Object.keys(paths["/redeem"]?.post?.responses ?? {}).map(Number);
  t.notOk(redeemStatuses(bare).includes(410), "wins expire with CLAIM_DAYS");
  t.ok(redeemStatuses(guarded).includes(410));
  t.match(draw(bare).parameters, [{ name: "Idempotency-Key", in: "header" }]);
  const unavailable = draw(bare).responses[503]?.headers ?? {};
  t.match(unavailable["Retry-After"], { required: true });
  t.match(unavailable["Cache-Control"], { schema: { const: "no-store" } });
});

t.test("a username is needed where no token names it", async (t) => {
  const bare = (await serve(t, EVERYTHING)).document;
  const guarded = (await serve(t, GUARDED)).document;
  const needed = ({ paths, components }: Document) => ({
    draw: components.schemas.DrawBody?.required,
    redeem: components.schemas.RedeemFields?.required,
    byQuery: needs(paths["/redeem"]?.get),
    results: needs(paths["/results"]?.get),
  });
  t.same(needed(bare), {
    draw: ["username"],
    redeem: ["id", "username"],
    byQuery: ["id", "username"],
    results: ["username"],
  });
  t.same(needed(guarded), {
    draw: [],
    redeem: ["id"],
    byQuery: ["id"],
    results: [],
  });
});

t.test(
  "a change of prizes needs an If-Match, a new one does not",
  async (t) => {
    const { paths } = (await serve(t, EVERYTHING)).document;
    t.same(needs(paths["/admin/prizes"]?.put), ["If-Match"]);
    t.same(needs(paths["/admin/prizes/{id}"]?.patch), ["id", "If-Match"]);
    t.same(needs(paths["/admin/prizes/{id}"]?.delete), ["id", "If-Match"]);
    t.same(needs(paths["/admin/prizes"]?.post), []);
  },
);

/** The parameters that an operation requires. */
function needs(operation: Operation | undefined): string[] | undefined {
  return operation?.parameters
    ?.filter(({ required }) => required)
    .map(({ name }) => name);
}

t.test("each example request is answered as described", async (t) => {
  const { document } = await serve(t, EVERYTHING);
  for (const { name, operation, path, method } of operations(document)) {
    // A subtest each, so that each gives its databases back.
    await t.test(name, (t) => tryExamples(t, method, path, operation));
  }
});

async function tryExamples(
  t: Test,
  method: string,
  path: string,
  operation: Operation,
) {
  const { world, server } = await serve(t, EVERYTHING);
  const requests = requestsOf(method, path, operation);
  t.ok(requests.length > 0);
  for (const { url, what, ...init } of requests) {
    await seed(world);
    await server.prizes.reload();
    const headers = {
      ...init.headers,
      ...(operation.security && { authorization: `Bearer ${ADMIN_TOKEN}` }),
    };
    const answer = await fetch(server.url + url, { ...init, headers });
    const isEndless = answer.headers.get("content-type") === EVENTS;
    const body = isEndless ? await answer.body?.cancel() : await answer.text();
    t.ok(answer.ok, `${answer.status} with ${what}`, { body });
    t.ok(operation.responses[answer.status], "a described status");
  }
}

t.test("what administrators are told is what the document says", async (t) => {
  const { server, document } = await serve(t, EVERYTHING);
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "if-match": "*" };
  const said = async (
    code: Code,
    call: string,
    body: object = {},
    other: Record<string, string | undefined> = {},
  ) => {
    const [method = "", path = ""] = call.split(" ");
    const sent = Object.entries({ ...headers, ...other }).filter(
      (it): it is [string, string] => it[1] !== undefined,
    );
    const answer = await fetch(`${server.url}${path}`, {
      method,
      headers: {
        "content-type": "application/json",
        ...Object.fromEntries(sent),
      },
      ...(method !== "GET" && { body: JSON.stringify(body) }),
    });
    const pattern = path
      .replace(/(?<=prizes\/)\w+/, "{id}")
      .replace(/\?.*/, "");
    const operation = document.paths[pattern]?.[method.toLowerCase()];
    const content = operation?.responses[answer.status]?.content ?? {};
    const told = content["application/json"]?.examples?.[code]?.value;
    t.same(await answer.json(), told, `${call}: ${code}`);
  };
  const MUG = { id: "MUG", title: "Mug", probability: 0 };
  const half = { title: "Half", probability: 0.6 };
  const halves = { prizes: ["A", "B"].map((id) => ({ id, ...half })) };
  await said("PRIZE_NOT_FOUND", "PATCH /admin/prizes/MUG", { active: true });
  await said("PRIZE_NOT_FOUND", "DELETE /admin/prizes/MUG");
  await said("INVALID_REQUEST", "POST /admin/prizes", {
    ...MUG,
    probability: 0.375,
  });
  await said("INVALID_REQUEST", "PUT /admin/prizes", halves);
  t.equal((await post(`${server.url}/admin/prizes`, MUG, headers)).status, 201);
  await said("PRIZE_EXISTS", "POST /admin/prizes", MUG);
  for (const call of [
    "PUT /admin/prizes",
    "PATCH /admin/prizes/MUG",
    "DELETE /admin/prizes/MUG",
  ]) {
    const body = call.startsWith("PUT") ? { prizes: [MUG] } : { active: true };
    await said("PRECONDITION_REQUIRED", call, body, { "if-match": undefined });
    await said("PRECONDITION_FAILED", call, body, { "if-match": '"1"' });
    await said("UNAUTHENTICATED", call, body, { authorization: "Bearer x" });
  }
  await said("INVALID_REQUEST", "GET /admin/history?limit=0");
  await said("INVALID_REQUEST", "GET /admin/results?state=lost");
  await said("INVALID_REQUEST", "GET /admin/results.csv?day=today");
  await said("INVALID_REQUEST", "GET /admin/figures?day=today");
  await said("INVALID_REQUEST", "POST /admin/simulation", { draws: 0 });
});

t.test("an answer that is not as described is found", async (t) => {
  const problems: string[] = [];
  const lies: ((body: string) => string)[] = [];
  const world = await createWorld(t);
  const server = await startServer(t, world, {
    misfit: (problem) => problems.push(problem),
    prepare: (app) => {
      app.get("/teapot", (_request, reply) => reply.code(418).send({ no: 1 }));
      app.addHook("onSend", async (request, reply, body) => {
        if (request.headers["x-without"]) reply.removeHeader("cache-control");
        if (request.headers["x-status"]) reply.code(202);
        const lie = lies.shift();
        return lie ? lie(String(body)) : body;
      });
    },
  });
  await setPrizes(world, [{ id: "SURE" }], server);
  const found = async (
    pattern: RegExp,
    username: unknown,
    lie = (body: string) => body,
    headers = {},
  ) => {
    lies.push(lie);
    await post(`${server.url}/draw`, { username }, headers);
    t.equal(problems.length, 1, String(pattern));
    t.match(problems.pop(), pattern);
  };
  await found(/required property 'result'/, "a", (body) =>
    body.replace('"result":', '"gone":'),
  );
  await found(/format "uuid"/, "b", (body) =>
    body.replace(/"id":"[^"]*"/, '"id":"7"'),
  );
  await found(/allowed values/, 5, (body) =>
    body.replace("INVALID_REQUEST", "RESULT_NOT_FOUND"),
  );
  await found(/202 is not described/, "c", undefined, { "x-status": "1" });
  await found(/Cache-Control: is missing/, "d", undefined, {
    "x-without": "1",
  });
  await fetch(`${server.url}/teapot`);
  t.match(problems.pop(), /418: .*required property 'success'/);
  t.equal((await server.draw("e")).status, 200);
  t.same(problems, [], "and one that is, is not");
});

t.test("the page loads nothing from another host", async (t) => {
  const { server, text } = await serve(t);
  const page = await fetch(`${server.url}/docs`);
  t.equal(page.status, 200);
  t.match(page.headers.get("content-security-policy"), /default-src 'none'/);
  const html = await page.text();
  const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(
    ([, link]) => new URL(link ?? "", `${server.url}/docs`),
  );
  t.ok(links.length >= 5);
  for (const link of links) {
    t.equal(link.origin, server.url);
    const answer = await fetch(link);
    t.equal(answer.status, 200, link.pathname);
    await answer.arrayBuffer();
  }
  const missing = await post(`${server.url}/docs/json`, {});
  t.match(missing, { status: 405, body: { code: "METHOD_NOT_ALLOWED" } });
  const yaml = await (await fetch(`${server.url}/docs/yaml`)).text();
  t.same(parse(yaml), JSON.parse(text), "the same as YAML");
});

t.test("npm run openapi prints it without any store", async (t) => {
  const { text } = await serve(t, { ADMIN_TOKEN });
  const command = new URL("../../../dist/commands/openapi.js", import.meta.url);
  const run = (env: Record<string, string>) =>
    promisify(execFile)("/usr/bin/env", [
      ...["-u", "NODE_OPTIONS", "-C", home(), "-i"],
      ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
      process.execPath,
      fileURLToPath(command),
    ]);
  const { stdout, stderr } = await run({ ADMIN_TOKEN });
  t.equal(stderr, "");
  t.same(JSON.parse(stdout), JSON.parse(text));
  await t.rejects(run({ ADMIN_TOKEN: "short" }), {
    code: 1,
    stderr: /ADMIN_TOKEN/,
  });
});
