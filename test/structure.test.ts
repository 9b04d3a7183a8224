import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import t from "tap";
import ts from "typescript";

// Imports point one way, down these floors. Files and folders of one floor know nothing of each other.

const FLOORS = [
  ["main.ts", "commands"],
  ["workers"],
  ["server.ts", "ending.ts"],
  ["app.ts", "scheduler.ts"],
  ["admin"],
  ["http"],
  ["services.ts"],
  ["observe"],
  ["campaigns"],
  ["engine"],
  ["prizes", "results"],
  ["shards"],
  ["proof"],
  ["outbox"],
  ["stores/embedded"],
  ["stores"],
  ["settings", "start-problem.ts"],
  ["batch.ts", "clock.ts", "random.ts", "deadline.ts"],
  ["errors.ts", "root.ts"],
  ["verify"],
];

/** These must not know how they are called: HTTP, pages, administrators. */
const CORE = [
  "campaigns",
  "engine",
  "prizes",
  "results",
  "shards",
  "proof",
  "outbox",
  "stores",
];
const WEB = /^(fastify|@fastify\/.*|node:https?|node:http2)$/;

const files = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.startsWith("pages/"))
  .map((name) => `src/${name}`)
  .sort();

/** Part of `src` that a file belongs to: the longest that names it. */
function roomOf(file: string): string {
  const inside = file.slice("src/".length);
  const rooms = FLOORS.flat()
    .filter((it) => inside === it || inside.startsWith(`${it}/`))
    .sort((a, b) => b.length - a.length);
  return rooms[0] ?? inside;
}

const floorOf = (room: string) =>
  FLOORS.findIndex((rooms) => rooms.includes(room));

/** What a file imports: files of src, and packages. Types count, too. */
function importsOf(file: string): { own: string[]; foreign: string[] } {
  const { importedFiles } = ts.preProcessFile(readFileSync(file, "utf8"));
  const names = importedFiles.map(({ fileName }) => fileName);
  return {
    own: names
      .filter((name) => name.startsWith("."))
      .map((name) => normalize(join(dirname(file), name)))
      .map((path) => path.replace(/\.js$/, ".ts")),
    foreign: names.filter((name) => !name.startsWith(".")),
  };
}

t.test("every file has its floor, every import its file", async (t) => {
  t.ok(files.length > 100, `${files.length} files`);
  for (const file of files) {
    t.ok(floorOf(roomOf(file)) >= 0, file);
    for (const path of importsOf(file).own) {
      t.ok(existsSync(path), `${file} imports ${path}`);
    }
  }
});

t.test("imports point down", async (t) => {
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .own.filter((path) => {
        const [from, to] = [roomOf(file), roomOf(path)];
        return from !== to && floorOf(to) <= floorOf(from);
      })
      .map((path) => `${file} imports ${path}`),
  );
  t.same(wrong, []);
});

t.test("no file imports itself, by whatever way", async (t) => {
  const seen = new Set<string>();
  const cycles: string[] = [];
  function visit(file: string, way: string[]): void {
    const at = way.indexOf(file);
    if (at >= 0) cycles.push([...way.slice(at), file].join(" → "));
    if (seen.has(file)) return;
    seen.add(file);
    for (const path of importsOf(file).own) visit(path, [...way, file]);
  }
  for (const file of files) visit(file, []);
  t.same(cycles, []);
});

t.test("the verifier could be published alone", async (t) => {
  const verify = files.filter((file) => roomOf(file) === "verify");
  t.ok(verify.length > 20);
  for (const file of verify) {
    const { own, foreign } = importsOf(file);
    const outside = own.filter((path) => !path.startsWith("src/verify/"));
    const strange = foreign.filter(
      (name) => !/^(node:|@noble\/curves\/)/.test(name),
    );
    t.same([...outside, ...strange], [], file);
  }
});

t.test("the core knows no HTTP", async (t) => {
  const core = files.filter((file) =>
    CORE.includes(roomOf(file).split("/")[0] ?? ""),
  );
  t.ok(core.length > 30);
  for (const file of core) {
    const { foreign } = importsOf(file);
    t.same(
      foreign.filter((name) => WEB.test(name)),
      [],
      file,
    );
  }
});
