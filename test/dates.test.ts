import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import t from "tap";

// Redis drops a day's keys by its own clock, whatever clock a test sets: a day that comes within reach makes tests fail.

const DATE = /\b(?:19\d\d|20[0-8]\d)-[01]\d-[0-3]\d\b/;

/** Their days are rows and files alone, which no key of Redis has and no clock is compared with: examples of before, worked by hand. */
const WITHOUT_KEYS =
  /^(verify\/|pages\/verify|proof\/(files|key|line)\.|sql\/proof\.|commands\/proof\.|http\/hostile\/|support\/(proof-day|made-day|documented-examples)\.)/;

t.test("no test names a day that may come to pass", async (t) => {
  const names = await readdir("test", { recursive: true });
  const files = names.filter((name) => /\.(ts|js)$/.test(name));
  t.ok(files.length > 50);
  const near: string[] = [];
  for (const name of files) {
    if (WITHOUT_KEYS.test(name)) continue;
    const lines = (await readFile(join("test", name), "utf8")).split("\n");
    lines.forEach((line, n) => {
      if (DATE.test(line)) near.push(`${name}:${n + 1} ${line.trim()}`);
    });
  }
  t.same(near, []);
});
