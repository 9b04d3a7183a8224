import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import t from "tap";
import { ConfigSchema } from "../src/settings/config.js";
import { ADMIN_TOKEN } from "./support/admin-calls.js";
import { startServer } from "./support/start-server.js";
import { createWorld } from "./support/world.js";

// Documents name what is there, all of it, and stay short.

const LONGEST = { "README.md": 170, other: 250 };

const list = (folder: string): string[] =>
  execFileSync("find", [folder, "-type", "f"], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((name) => normalize(name));

const files = ["src", "lua", "sql", "test", "bench"].flatMap(list);
const inRoot = [
  ...["package.json", "docker-compose.yml", "Dockerfile", ".env.example"],
  ...["tsconfig.json", "README.md"],
];
const documents = [
  "README.md",
  ...files.filter((name) => name.endsWith(".md")),
];
const textOf = (name: string) => readFileSync(name, "utf8");

/** The name that a heading has in links, as GitHub makes it. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

const anchorsOf = (text: string) =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    anchorOf(heading),
  );

t.test("documents are short", async (t) => {
  t.ok(documents.length > 10, documents.join(" "));
  for (const name of documents) {
    const lines = textOf(name).split("\n").length - 1;
    const most = name === "README.md" ? LONGEST["README.md"] : LONGEST.other;
    t.ok(lines <= most, `${name}: ${lines} lines`);
  }
});

t.test("links lead somewhere", async (t) => {
  for (const name of documents) {
    for (const [, target = ""] of textOf(name).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path = "", anchor] = target.split("#");
      const file = path ? join(dirname(name), path) : name;
      t.ok(existsSync(file), `${name}: ${target}`);
      if (anchor && existsSync(file)) {
        t.ok(anchorsOf(textOf(file)).includes(anchor), `${name}: ${target}`);
      }
    }
  }
});

t.test("files that are named are there", async (t) => {
  const known = [...files, ...inRoot].map((name) => `/${name}`);
  const isThere = (path: string) =>
    known.some((name) => name.endsWith(`/${path}`));
  let seen = 0;
  for (const name of documents) {
    for (const [, path = ""] of textOf(name).matchAll(
      /`((?:[\w.-]+\/)*[\w-]+\.(?:ts|js|lua|sql|yml|md))`/g,
    )) {
      if (/NNN|NAME/.test(path)) continue;
      seen += 1;
      t.ok(isThere(path.replace(/^\.\//, "")), `${name}: ${path}`);
    }
    for (const [, path = ""] of textOf(name).matchAll(
      /`((?:src|lua|sql|test|bench)\/[\w/.-]*)`/g,
    )) {
      if (!path.includes("NNN")) t.ok(existsSync(path), `${name}: ${path}`);
    }
  }
  t.ok(seen > 50);
});

t.test("scripts of npm that are named are there", async (t) => {
  const { scripts } = JSON.parse(textOf("package.json"));
  for (const name of documents) {
    for (const [, script = ""] of textOf(name).matchAll(
      /npm run (?:-s )?([a-z][\w:-]*)/g,
    )) {
      t.ok(script in scripts, `${name}: npm run ${script}`);
    }
  }
});

t.test("every setting has its row, and no other has", async (t) => {
  const rows = textOf("src/settings/README.md").match(/^\| `.*$/gm) ?? [];
  const named = rows.flatMap((row) =>
    [...(row.split(" | ")[0] ?? "").matchAll(/`([A-Z_]+)`/g)].map(
      ([, name]) => name,
    ),
  );
  t.same(named.sort(), Object.keys(ConfigSchema.properties).sort());
  for (const name of named) {
    t.match(textOf(".env.example"), new RegExp(`^#? ?${name}=`, "m"));
  }
});

t.test("every route has its row", async (t) => {
  const server = await startServer(t, await createWorld(t), {
    settings: { ADMIN_TOKEN, METRICS: "on" },
  });
  const { paths } = (await (await fetch(`${server.url}/docs/json`)).json()) as {
    paths: Record<string, object>;
  };
  const rows = ["src/http/README.md", "src/admin/README.md"].flatMap(
    (name) => textOf(name).match(/^\| `.*$/gm) ?? [],
  );
  t.ok(Object.keys(paths).length > 10);
  for (const [pattern, operations] of Object.entries(paths)) {
    const path = pattern.replace(/\{(\w+)\}/g, ":$1");
    const ends = new RegExp(`${path.replace(/[.?]/g, "\\$&")}[?\`]`);
    for (const method of Object.keys(operations)) {
      const row = rows.find(
        (it) => ends.test(it) && new RegExp(`\\b${method}\\b`, "i").test(it),
      );
      t.ok(row ?? path === "/metrics", `${method} ${path}`);
    }
  }
});
