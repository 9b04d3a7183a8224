import t from "tap";
import { startServer } from "../../support/start-server.js";
import { createWorld } from "../../support/world.js";

// What the pages allow a browser. Whole, so that no line of it goes unnoticed.

t.test(
  "the pages may load what is theirs and be framed by nobody",
  async (t) => {
    const settings = { PAGE: "on", ADMIN_TOKEN: "a".repeat(32) } as const;
    const { url } = await startServer(t, await createWorld(t), { settings });
    for (const path of ["/", "/admin/"]) {
      const { status, headers } = await fetch(url + path);
      t.equal(status, 200, path);
      const policy = headers.get("content-security-policy") ?? "";
      t.same(
        policy.replaceAll(/ 'sha256-[\w+/]+='/g, "").split(";"),
        [
          "default-src 'none'",
          "script-src 'self'",
          "style-src 'self'",
          "img-src 'self' data:",
          "connect-src 'self'",
          "form-action 'none'",
          "base-uri 'none'",
          "frame-ancestors 'none'",
          "require-trusted-types-for 'script'",
        ],
        path,
      );
      t.equal(headers.get("x-frame-options"), "SAMEORIGIN");
      t.equal(headers.get("x-content-type-options"), "nosniff");
      t.equal(headers.get("referrer-policy"), "no-referrer");
    }
  },
);
