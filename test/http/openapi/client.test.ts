import { execFile } from "node:child_process";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import t from "tap";
import { setPrizes } from "../../support/set-prizes.js";
import { startServer } from "../../support/start-server.js";
import { home } from "../../support/temporary-folder.js";
import { createWorld } from "../../support/world.js";

const MODULES = fileURLToPath(
  new URL("../../../node_modules", import.meta.url),
);
const PROGRAM = new URL("client/participant.ts", import.meta.url);

const STRICT = [
  ...["--strict", "--exactOptionalPropertyTypes", "--skipLibCheck"],
  ...["--target", "ES2023", "--module", "NodeNext", "--types", "node"],
];

/** Mistakes in the use of the client: what is right, what is wrong, and what the compiler says. */
const MISTAKES: [string, string, RegExp][] = [
  ["body: { username }", "body: { user_name: username }", /'user_name'/],
  ['"/draw"', '"/drawn"', /"\/drawn"/],
  ["data.data.result;", "data.data.results;", /'results'/],
  ["phone: string | null", "phone: string", /'string \| null'/],
  ['if ("message" in data)', "if (!data)", /'result' does not exist/],
];

/** Runs a file in the folder of this process, as an integrator would: without tap's loaders. */
async function run(file: string, ...args: string[]) {
  const command = ["-u", "NODE_OPTIONS", process.execPath, file, ...args];
  const running = promisify(execFile)("/usr/bin/env", command, { cwd: home() });
  return running.then(
    ({ stdout }) => stdout,
    (error: { stdout: string; stderr: string }) => {
      throw new Error(error.stdout + error.stderr);
    },
  );
}

const write = (name: string, text: string) =>
  writeFile(join(home(), name), text);

t.test("a client with types made from the document", async (t) => {
  const world = await createWorld(t);
  const server = await startServer(t, world);
  await setPrizes(world, [{ id: "SURE", daily_quota: 7 }], server);

  await symlink(MODULES, join(home(), "node_modules"));
  await write("package.json", '{"type":"module"}');
  const document = `${server.url}/docs/json`;
  const generator = "node_modules/.bin/openapi-typescript";
  await run(generator, document, "-o", "lucky-draw.ts");
  const program = await readFile(PROGRAM, "utf8");
  await write("participant.ts", program);
  const tsc = "node_modules/.bin/tsc";
  await run(tsc, ...STRICT, "participant.ts");

  const printed = await run("participant.js", server.url);
  t.match(JSON.parse(printed), {
    won: { user_id: "ann", prize_id: "SURE" },
    redeemed: { phone: "+85299999999", redeemed_at: /^\d{4}-.*Z$/ },
    code: "RESULT_NOT_FOUND",
    quotas: { SURE: 7 },
  });
  const [row] = await world.sql`select user_id, phone_no from result`;
  t.same(row, { user_id: "ann", phone_no: "+85299999999" });

  const files = MISTAKES.map((_, index) => `mistake-${index}.ts`);
  for (const [index, [right, wrong]] of MISTAKES.entries()) {
    t.ok(program.includes(right), right);
    await write(files[index] ?? "", program.replace(right, wrong));
  }
  const complaints = await run(tsc, ...STRICT, "--noEmit", ...files).then(
    () => "",
    (error: Error) => error.message,
  );
  for (const [index, [, wrong, complaint]] of MISTAKES.entries()) {
    const lines = complaints.split(/^(?=\S)/m);
    const own = lines.filter((line) => line.startsWith(files[index] ?? ""));
    t.match(own.join(""), complaint, wrong);
  }
});
