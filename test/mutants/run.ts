import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Pair } from "../support/stores.js";
import type { Copy } from "./copy.js";
import type { Mutant } from "./mutant.js";

/** How a test ended. broken: it tested nothing, since the code does not run at all. */
export type End = "passed" | "failed" | "broken";

export type Ran = { end: End; seconds: number; output: string };

/** Messages about code that can't run, or stores without room. Such a failure proves nothing. */
const BROKEN =
  /SyntaxError|Transform failed|ERR_MODULE_NOT_FOUND|Redis databases are taken|does not provide an export|Error compiling script|syntax error at or near/;

/** How long a test may take before it counts as failed, in milliseconds. */
const LONGEST = 180_000;

/** Runs the test of a mistake in a copy of the project, on stores that all share. */
export async function runTest(
  { folder }: Copy,
  { test, only }: Pick<Mutant, "test" | "only">,
  pair: Pair,
): Promise<Ran> {
  const began = performance.now();
  const child = spawn(process.execPath, ["--import", "tsx", test], {
    cwd: folder,
    detached: true,
    env: {
      ...process.env,
      NODE_ENV: "test",
      DATABASE_URL: pair.databaseUrl,
      REDIS_URL: pair.redisUrl,
      TEST_STORES: pair.kind,
      TAP_TIMEOUT: "300",
      TAP_BAIL: "1",
      ...(only && { TAP_GREP: `/^${literal(only)}/` }),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data) => {
      output += data;
    });
  }
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    output += `\nnot ok - no end in ${LONGEST / 1_000} s\n`;
    endGroup(child.pid);
  }, LONGEST);
  const [code] = (await once(child, "close")) as [number | null];
  clearTimeout(timer);
  endGroup(child.pid);
  const seconds = (performance.now() - began) / 1_000;
  return { end: late ? "failed" : endOf(code, output), seconds, output };
}

function endOf(code: number | null, output: string): End {
  if (code === 0)
    return /^ *ok \d+(?!.*# SKIP)/m.test(output) ? "passed" : "broken";
  if (BROKEN.test(output)) return "broken";
  return /^ *not ok /m.test(output) ? "failed" : "broken";
}

/** The test and what it started. */
function endGroup(pid: number | undefined): void {
  try {
    if (pid) process.kill(-pid, "SIGKILL");
  } catch {
    // gone
  }
}

const literal = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
