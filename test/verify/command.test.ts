import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import t from "tap";
import { createProgress } from "../../src/verify/progress.js";
import { sha256 } from "../support/proof/notes.js";
import { dayKeyOf, rollOf, secretsOf } from "../support/proof/rules.js";
import { treesOf } from "../support/proof/write.js";
import {
  DAY,
  type Draft,
  filesOf,
  proofDay,
  receiptOf,
  SIGNER,
} from "../support/proof-day.js";
import { runCommand } from "../support/run-command.js";
import { home } from "../support/temporary-folder.js";

let folders = 0;
/** Writes files into a folder of their own. */
function folderOf(
  files: Record<string, string>,
  folder = join(home(), `day-${folders++}`),
): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(folder, name), text);
  return folder;
}
const verify = (...args: string[]) =>
  runCommand("../verify/main", {}, { args });
const day = (options = {}) => proofDay({ seed: 21, users: 120, ...options });

t.test("0: all held", async (t) => {
  const { draft } = day();
  const { code, out, err } = await verify(
    folderOf(filesOf(draft)),
    "--key",
    SIGNER.vkey,
  );
  t.equal(code, 0);
  t.equal(err, "");
  t.match(out, /^summer, 2026-12-01 in Asia\/Taipei, 1 shard\n/);
  t.match(
    out,
    /\n {2}ok {7}The seal is signed by lucky-draw\+\S+, the key that you gave/,
  );
  t.match(out, /\n {2}unknown {2}Who drew: names are sealed/);
  t.match(out, /Everything that can be checked by now held\.\n$/);
});

t.test("1: names the first line that is wrong", async (t) => {
  const { draft } = day();
  const log = draft.logs[0] ?? [];
  log[40] = (log[40] ?? "").replace(
    /\t(\d+)\tD/,
    (_, at) => `\t${Number(at) - 5}\tX`,
  );
  log.splice(60, 1);
  const { code, out } = await verify(folderOf(filesOf(draft)));
  t.equal(code, 1);
  t.match(out, /\n {2}WRONG {4}log-0\.tsv:41: this is no line of a log\n/);
  t.match(
    out,
    /Wrong in 1 place\. The first: log-0\.tsv:41: this is no line of a log\n$/,
  );
});

t.test("2: called wrongly, or nothing to read", async (t) => {
  const folder = folderOf({ "seal.note": "" });
  for (const [args, sentence] of [
    [[], /^Name one folder or URL\.\n\nnpm run -s verify/],
    [["a", "b"], /^Name one folder or URL/],
    [
      ["--frobnicate", "x"],
      /Unknown option '--frobnicate'[\s\S]*npm run -s verify/,
    ],
    [["/nowhere/at/all"], /ENOENT/],
    [[folderOf({})], /there is no seal\.note, so this is no day/],
    [
      ["http://127.0.0.1:9/proof/summer/2026-12-01/"],
      /^http:\/\/127\.0\.0\.1:9\/proof\/summer\/2026-12-01\/seal\.note: /,
    ],
    [[folder], /has no key\.txt, so the key that signs must be given/],
    [
      [folder, "--key", "mine"],
      /^--key: "mine" is not an Ed25519 verifier key/,
    ],
    [[folder, "--receipt", "/nowhere"], /^--receipt: ENOENT/],
  ] as const) {
    const { code, out, err } = await verify(...args);
    t.equal(code, 2, err);
    t.equal(out, "");
    t.match(err, sentence);
    t.notMatch(err, /\n {4}at /, "no stack");
  }
  t.equal((await verify("--help")).code, 0);
});

t.test("a day at a URL, as far as its files are there", async (t) => {
  const { draft } = day({ shards: 2 });
  const files = filesOf(draft, { isOpen: true });
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const name = (request.url ?? "").replace(`/proof/summer/${DAY}/`, "");
    asked.push(name);
    if (name === "moments.tsv") response.writeHead(broken ? 500 : 404).end();
    else if (name === "log-0.tsv" && isCut) {
      response.writeHead(200, { "content-length": 1000 });
      response.write("0\t", () => response.destroy());
    } else if (files[name] === undefined) response.writeHead(404).end("{}");
    else response.end(files[name]);
  });
  let [broken, isCut] = [false, false];
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  for (const end of ["", "/"]) {
    const { code, out } = await verify(
      `http://127.0.0.1:${port}/proof/summer/${DAY}${end}`,
    );
    t.equal(code, 0);
    t.match(out, /not closed yet\n/);
    t.match(out, /\n {2}waits {4}For the close/);
  }
  t.ok(asked.includes("log-1.tsv"));
  isCut = true;
  const cut = await verify(`http://127.0.0.1:${port}/proof/summer/${DAY}`);
  t.equal(cut.code, 2);
  t.match(cut.err, /^\S+ log-0\.tsv: /);
  t.notMatch(cut.err, /\n {4}at /, "no stack");
  broken = true;
  const failed = await verify(`http://127.0.0.1:${port}/proof/summer/${DAY}`);
  t.equal(failed.code, 2);
  t.match(failed.err, /moments\.tsv: 500/);
});

t.test("receipts, proofs and answers that hold one", async (t) => {
  const { draft } = day();
  const folder = folderOf(filesOf(draft));
  const receipt = receiptOf(draft, 0, 10, 7, 12);
  const answer = { success: true, data: { prize: null }, receipt };
  const files = [JSON.stringify(receipt), JSON.stringify(answer)].map(
    (text, n) => {
      const file = join(folder, `receipt-${n}.json`);
      writeFileSync(file, text);
      return file;
    },
  );
  const args = files.flatMap((file) => ["--receipt", file]);
  const { code, out } = await verify(folder, ...args);
  t.equal(code, 0);
  for (const file of files)
    t.ok(out.includes(`The line of the receipt ${file} is log-0.tsv:13.`));

  const open = structuredClone(draft);
  open.logs = [(draft.logs[0] ?? []).slice(0, 5)];
  const waiting = await verify(
    folderOf(filesOf(open, { isOpen: true })),
    ...args,
  );
  t.equal(waiting.code, 0);
  t.match(waiting.out, /waits {4}log-0\.tsv has no line with seq 12 yet/);
});

t.test("an auditor sees who drew", async (t) => {
  const { draft, play, users } = day({ isCalm: true });
  const key = secretsOf("summer", DAY).namesKey.toString("hex");
  const folder = folderOf(filesOf(draft));
  const list = join(folder, "users.txt");
  writeFileSync(list, `${users.join("\n")}\nnobody@example.com\n`);
  const { code, out } = await verify(
    folder,
    "--names-key",
    key,
    "--users",
    list,
  );
  t.equal(code, 0);
  const drew = new Set([...play.drawn.values()].map(({ user }) => user)).size;
  t.match(out, new RegExp(`Of 121 users in the list ${drew} drew\\.`));
  t.notMatch(out, /Who drew: names are sealed/);

  // The key of an auditor's export, and a list that lacks the first who drew.
  writeFileSync(join(folder, "names_key.txt"), `${key}\n`);
  const first = [...play.drawn.values()][0]?.user;
  writeFileSync(list, users.filter((user) => user !== first).join("\r\n"));
  const strange = await verify(folder, "--users", list);
  t.equal(strange.code, 1);
  t.match(
    strange.out,
    /WRONG {4}log-0\.tsv:2: this is nobody in the list of users; [123] lines? (is|are) by nobody in it/,
  );

  writeFileSync(list, `${first}\n`);
  const few = await verify(folder, "--users", list);
  t.match(
    few.out,
    new RegExp(`${first} is ${play.pOf(first ?? "")}: log-0.tsv:2[.,]`),
  );

  const without = await verify(folderOf(filesOf(draft)), "--users", list);
  t.equal(without.code, 2);
  t.match(
    without.err,
    /names are sealed, so whose p is whose needs --names-key, too/,
  );
  const missing = await verify(folder, "--users", "/nowhere");
  t.equal(missing.code, 2);
});

t.test("several days: a seal has the roots of the day before", async (t) => {
  const { draft } = day();
  const folder = join(home(), "days");
  const previous = { day: DAY, trees: treesOf(draft.logs) };
  const next: Draft = structuredClone(draft);
  const { seed } = secretsOf("summer", "2026-12-02");
  next.logs = [[]];
  next.checkpoints = [[]];
  Object.assign(next.seal, {
    day: "2026-12-02",
    begins_at: Number(next.seal.begins_at) + 86_400_000,
    ends_at: Number(next.seal.ends_at) + 86_400_000,
    sealed_at: Number(next.seal.sealed_at) + 86_400_000,
    beacon: null,
    seed_hash: sha256(seed).toString("hex"),
    previous,
  });
  folderOf(filesOf(draft), join(folder, DAY));
  folderOf(filesOf(next, { isOpen: true }), join(folder, "2026-12-02"));
  const right = await verify(folder);
  t.equal(right.code, 0);
  t.match(right.out, /The seal has the roots of the day before, 2026-12-01/);
  previous.trees = [{ size: 1, root: Buffer.alloc(32).toString("base64") }];
  next.seal.previous = previous;
  folderOf(filesOf(next, { isOpen: true }), join(folder, "2026-12-02"));
  const wrong = await verify(folder);
  t.equal(wrong.code, 1);
  t.match(
    wrong.out,
    /seal\.note: the seal says other roots of 2026-12-01 than that day's close/,
  );
});

t.test(
  "several days: a day has one seal, a unit one winner, a receipt one day",
  async (t) => {
    const { draft } = day({ isCalm: true });
    const folder = join(home(), "cheated");
    const next: Draft = structuredClone(draft);
    const DAY_MS = 86_400_000;
    const { seed, namesKey } = secretsOf("summer", "2026-12-02");
    const log = (draft.logs[0] ?? []).slice(0, 1);
    const [prize] = JSON.parse((log[0] ?? "").split("\t")[4] ?? "").prizes;
    const table = (of: number) => {
      const json = JSON.parse((log[0] ?? "").split("\t")[4] ?? "");
      Object.assign(json, { moments: null, beacon: null, taken: {} });
      json.prizes = [{ ...prize, odds_to: 1_000_000_000, moments: false }];
      return `0\t${of}\tT\t1\t${JSON.stringify(json)}`;
    };
    for (const [of, shift, secret, names] of [
      [draft, 0, ...Object.values(secretsOf("summer", DAY))],
      [next, DAY_MS, seed, namesKey],
    ] as [Draft, number, Buffer, Buffer][]) {
      const begins = Number(draft.seal.begins_at) + (of === next ? shift : 0);
      const date = of === next ? "2026-12-02" : DAY;
      Object.assign(of.seal, {
        ...{ day: date, begins_at: begins, ends_at: begins + DAY_MS },
        ...{ beacon: null, sealed_at: begins - DAY_MS },
        seed_hash: sha256(secret).toString("hex"),
        names_hash: sha256(names).toString("hex"),
      });
      const p = "ab".repeat(16);
      const roll = rollOf(dayKeyOf("summer", date, null), p, 1);
      const won = `1\t${begins + 5}\tD\t${p}\t1\t${roll}\t${prize.id}:1:1\t`;
      of.logs = [[table(begins + 1), won]];
      of.checkpoints = [[2]];
      of.moments = [];
      Object.assign(of.close, { day: date, beacon_signature: null });
      of.close.seed = secret.toString("hex");
      folderOf(filesOf(of), join(folder, date));
    }
    const receipt = join(home(), "of-the-second.json");
    writeFileSync(receipt, JSON.stringify(receiptOf(next, 0, 1, 1, 1)));
    const sold = await verify(folder, "--receipt", receipt);
    t.equal(sold.code, 1);
    t.match(
      sold.out,
      /Wrong in 1 place\. The first: unit 1 of \w+ was won on 2026-12-01, too/,
    );
    t.match(sold.out, /The line of the receipt \S+ is log-0\.tsv:2/);

    next.seal.sealed_at = Number(next.seal.sealed_at) + 1;
    folderOf(filesOf(next), join(folder, "b"));
    const twice = await verify(folder);
    t.match(
      twice.out,
      /seal\.note: 2026-12-02 has another seal in another of these folders/,
    );

    const other = structuredClone(next);
    other.seal.day = "2026-12-05";
    writeFileSync(receipt, JSON.stringify(receiptOf(other, 0, 1, 1, 1)));
    const placeless = await verify(folder, "--receipt", receipt);
    t.match(placeless.out, /\.json: this receipt is of none of these days/);
  },
);

t.test(
  "progress: a bar on a terminal, else lines, and nothing for what is quick",
  async (t) => {
    for (const isTTY of [true, false]) {
      let [now, shown] = [0, ""];
      const stream = { isTTY, write: (text: string) => (shown += text) };
      const { onProgress, end } = createProgress(stream, () => now);
      for (let line = 1; line <= 4096; line += 1) onProgress(line, 8192);
      t.equal(shown, "", "quick");
      now = 6_000;
      for (let line = 4097; line <= 6144; line += 1) onProgress(line, 8192);
      end();
      if (isTTY)
        t.equal(
          shown,
          `\r${"█".repeat(19)}${"░".repeat(11)} 5,120 lines, 62 %\r\u001b[K`,
        );
      else t.equal(shown, "5,120 lines, 62 %\n");
      now = 12_000;
      for (let line = 1; line <= 1024; line += 1) onProgress(line, undefined);
      t.ok(
        shown.includes("1,024 lines"),
        "no share where nobody knows how many there are",
      );
    }
  },
);
