import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** So many histories are played by one process. */
const AT_ONCE = 25;

/**
 * Plays so many histories of test/shards/histories, from this seed on, and says how far it is. Returns the seeds that broke a
 * promise.
 */
export async function playHistories(
  seed: number,
  count: number,
  say: (line: string) => void,
): Promise<number[]> {
  const failed: number[] = [];
  const began = performance.now();
  for (let done = 0; done < count; ) {
    const some = Math.min(AT_ONCE, count - done);
    const problems = await playSome(seed + done, some);
    for (const [broken, text] of problems) {
      failed.push(broken);
      say(`seed ${broken}: ${text}`);
      say(`  again: npm run torture -- --histories 1 --seed ${broken}`);
    }
    done += some;
    const seconds = Math.round((performance.now() - began) / 1_000);
    say(`${done} of ${count}, ${seconds} s, ${failed.length} broken`);
  }
  return failed;
}

/** A test of its own for some of them: it brings stores and their end. */
async function playSome(
  seed: number,
  count: number,
): Promise<Map<number, string>> {
  const file = "test/shards/histories.test.ts";
  const args = ["--import", "tsx", "test/run.ts", "--jobs", "1", file];
  const env = { ...process.env, SEED: String(seed), HISTORIES: String(count) };
  const test = spawn(process.execPath, args, {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const found = new Map<number, string>();
  let last = "";
  let at: number | undefined; // the seed whose problems are being told
  createInterface(test.stdout).on("line", (line) => {
    const [, broken] = /not ok .*seed (\d+)/.exec(line) ?? [];
    if (/^ *(not )?ok /.test(line)) at = broken ? Number(broken) : undefined;
    if (at !== undefined && broken) found.set(at, "");
    if (/^ *not ok/.test(line)) last = line.trim();
    const [, problem] = /^ *[-+] {2,}"?(.+?)"?,?$/.exec(line) ?? [];
    if (at !== undefined && problem) {
      found.set(at, `${found.get(at)}\n  ${problem}`);
    }
  });
  const [code] = await once(test, "exit");
  if (code !== 0 && found.size === 0) found.set(seed, last || `exit ${code}`);
  return found;
}
