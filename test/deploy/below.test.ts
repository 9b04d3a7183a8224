import t from "tap";
import { hasNginx, startNginxBelow } from "../support/nginx.js";
import { post, told } from "../support/post.js";
import { setPrizes } from "../support/set-prizes.js";
import { startServer } from "../support/start-server.js";
import { createWorld } from "../support/world.js";

const ADMIN_TOKEN = "an-administrators-token-of-the-tests";

const skip = hasNginx() ? false : "there is no nginx on the PATH";

t.test("all works below another path of a real nginx", { skip }, async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world, {
    settings: { ADMIN_TOKEN, PAGE: "on" },
  });
  await setPrizes(world, [{ id: "SURE" }], server);
  const root = await startNginxBelow(t, "/promo/", server.url);

  // Whatever the pages and their scripts name must be there, below the same path.
  const seen = new Set<string>();
  const waiting = ["", "admin/", "admin", "docs", "docs/"].map(
    (path) => root + path,
  );
  for (let url = waiting.pop(); url; url = waiting.pop()) {
    if (seen.has(url)) continue;
    seen.add(url);
    const answer = await fetch(url);
    t.equal(answer.status, 200, url);
    t.ok(answer.url.startsWith(root), answer.url);
    const type = String(answer.headers.get("content-type"));
    // Types are imported in comments.
    const text = (await answer.text()).replace(/\/\*\*.*?\*\//gs, "");
    if (!/html|javascript/.test(type) || url.includes("swagger-ui")) continue;
    const names = /html/.test(type)
      ? /(?:href|src)="([^"]+)"|"(\.[^"]+\.js)"/g
      : /(?:from ?|import\()"(\.[^"]+)"/g;
    for (const [, one, other] of text.matchAll(names)) {
      waiting.push(new URL(one ?? other ?? "", answer.url).href);
    }
  }
  t.ok(seen.size > 40, `${seen.size} files`);

  const document = (await (await fetch(`${root}docs/json`)).json()) as {
    servers: { url: string }[];
  };
  const base = new URL(document.servers[0]?.url ?? "", `${root}docs/json`).href;
  t.equal(base, root, "the document names the service where it is");
  const drawn = await post(`${base}draw`, { username: "ann" });
  t.equal(told(drawn.body), "won");

  const files = [...seen].filter((url) => /\/assets\/.*\.js$/.test(url));
  for (const url of files) {
    const text = await (await fetch(url)).text();
    t.notMatch(
      text,
      /["'`]\/(draw|redeem|prizes|results|admin|assets|docs)\b/,
      `${url} asks for nothing from the root`,
    );
  }
});
