import { readdir } from "node:fs/promises";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import Fastify, { type FastifyInstance } from "fastify";
import { fail } from "../answer-error.js";
import { type Asset, createAsset, sendAsset } from "./assets.js";

/** What the page may load, run and call: its own host alone. The hash is of the one style that its script writes. */
const CSP = Object.entries({
  "default-src": "'none'",
  "script-src": "'self'",
  "style-src": "'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='",
  "img-src": "'self' data:",
  "connect-src": "'self'",
  "base-uri": "'none'",
  "form-action": "'none'",
  "frame-ancestors": "'none'",
})
  .map((directive) => directive.join(" "))
  .join("; ");

/** Where @fastify/swagger-ui has the page's files. */
const FILES = new URL(
  "static/",
  import.meta.resolve("@fastify/swagger-ui/package.json"),
);

/**
 * The OpenAPI document at /docs/json and /docs/yaml, and a page to read and try it at /docs: made once, when all routes are
 * there, and served from memory.
 */
export async function docs(app: FastifyInstance): Promise<void> {
  let files = new Map<string, Asset>();
  app.addHook("onReady", async () => {
    files = await render(app.swagger());
  });
  for (const path of ["/docs", "/docs/*"]) {
    app.get(path, { schema: { hide: true } }, (request, reply) => {
      const asset = files.get(request.url.split("?")[0] ?? "");
      if (!asset) return fail(reply, "NOT_FOUND", "There is no such document.");
      reply.header("content-security-policy", CSP);
      return sendAsset(request, reply, asset, "no-cache");
    });
  }
}

/** What @fastify/swagger-ui answers for a document, by path. */
async function render(document: object): Promise<Map<string, Asset>> {
  const source = Fastify();
  await source.register(swagger, {
    mode: "static",
    specification: { document: document as never },
  });
  await source.register(swaggerUi, {
    routePrefix: "/docs",
    // Relative: a proxy may have put the service below another path.
    indexPrefix: ".",
    uiConfig: { layout: "BaseLayout", tryItOutEnabled: true },
    theme: { title: "Lucky Draw: API" },
  });
  const names = (await readdir(FILES)).filter((name) => name !== "index.html");
  const paths = ["", "/", "/json", "/yaml", "/static/swagger-initializer.js"];
  paths.push(...names.map((name) => `/static/${name}`));
  const files = new Map<string, Asset>();
  for (const path of paths.map((path) => `/docs${path}`)) {
    const { headers, rawPayload, statusCode } = await source.inject(path);
    if (statusCode !== 200) continue;
    files.set(path, createAsset(String(headers["content-type"]), rawPayload));
  }
  await source.close();
  return files;
}
