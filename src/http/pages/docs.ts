import { readFile } from "node:fs/promises";
import type { FastifyInstance } from "fastify";
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

/** What the page loads of swagger-ui-dist, and as what. */
const FILES = {
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
  "swagger-ui.css": "text/css; charset=utf-8",
  "index.css": "text/css; charset=utf-8",
  "favicon-32x32.png": "image/png",
};

/** Its own script, so that the page needs no inline one. The document is found from where this script is. */
const SCRIPT = `const api = new URL("../json", document.currentScript.src).href;
window.onload = () => {
  SwaggerUIBundle({
    url: api,
    dom_id: "#swagger-ui",
    deepLinking: true,
    tryItOutEnabled: true,
  });
};
`;

/** The page, with its files below `at`, which is relative: a proxy may have put the service below another path. */
const pageOf = (at: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lucky Draw: API</title>
<link rel="stylesheet" href="${at}swagger-ui.css">
<link rel="stylesheet" href="${at}index.css">
<link rel="icon" type="image/png" href="${at}favicon-32x32.png" sizes="32x32">
</head>
<body>
<div id="swagger-ui"></div>
<script src="${at}swagger-ui-bundle.js"></script>
<script src="${at}swagger-initializer.js"></script>
</body>
</html>
`;

/**
 * The OpenAPI document at /docs/json and /docs/yaml, and a page to read and try it at /docs: made once, when all routes are
 * there, and served from memory.
 */
export async function docs(app: FastifyInstance): Promise<void> {
  let files = new Map<string, Asset>();
  app.addHook("onReady", async () => {
    files = await render(
      JSON.stringify(app.swagger()),
      app.swagger({ yaml: true }),
    );
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

/** All that is served, by path. */
async function render(json: string, yaml: string): Promise<Map<string, Asset>> {
  const html = "text/html; charset=utf-8";
  const script = "text/javascript; charset=utf-8";
  const files = Object.entries(FILES).map(async ([name, type]) => {
    const url = import.meta.resolve(`swagger-ui-dist/${name}`);
    const content = await readFile(new URL(url));
    return [`/docs/static/${name}`, createAsset(type, content)] as const;
  });
  return new Map([
    ["/docs", createAsset(html, pageOf("docs/static/"))],
    ["/docs/", createAsset(html, pageOf("static/"))],
    ["/docs/json", createAsset("application/json; charset=utf-8", json)],
    ["/docs/yaml", createAsset("application/x-yaml", yaml)],
    ["/docs/static/swagger-initializer.js", createAsset(script, SCRIPT)],
    ...(await Promise.all(files)),
  ]);
}
