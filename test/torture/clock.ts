import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Owner } from "../support/owner.js";

/** Sets Redis's clock apart from this machine's, by so many seconds. */
export type SetClock = (seconds: number) => Promise<void>;

const SOURCE = fileURLToPath(new URL("./clock.c", import.meta.url));

/** Gives every redis-server that this process starts from now on a clock that can be set. Needs a C compiler and Linux. */
export async function settableClock(t: Owner): Promise<SetClock> {
  const folder = await mkdtemp(join(tmpdir(), "clock-"));
  // Redis's user is not ours, and may only pass folders that are open to all.
  await chmod(folder, 0o755);
  const library = join(folder, "clock.so");
  execFileSync("cc", ["-shared", "-fPIC", "-O2", "-o", library, SOURCE]);
  await chmod(library, 0o755);
  const file = await open(join(folder, "apart"), "w", 0o644);
  await file.chmod(0o644);
  const path = process.env.PATH ?? "";
  t.teardown(async () => {
    process.env.PATH = path;
    await file.close();
    await rm(folder, { recursive: true });
  });
  const set: SetClock = async (seconds) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(seconds));
    await file.write(bytes, 0, bytes.length, 0);
  };
  await set(0);
  for (const program of ["redis-server", "valkey-server"]) {
    const lines = [
      "#!/bin/sh",
      `PATH='${path}'`,
      `real=$(command -v ${program}) || exit 127`,
      `APART='${folder}/apart' LD_PRELOAD='${library}' exec "$real" "$@"`,
    ];
    const wrapper = join(folder, program);
    await writeFile(wrapper, `${lines.join("\n")}\n`);
    await chmod(wrapper, 0o755);
  }
  process.env.PATH = folder + delimiter + path;
  return set;
}
