import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Where Debian's package puts it. */
export const CHROMIUM = "/usr/bin/chromium";

/** Installs it from Debian's packages where it is missing. Throws where that can't be done. */
function provideChromium(): void {
  if (existsSync(CHROMIUM)) return;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    throw new Error(
      `${CHROMIUM} is missing: install Debian's package chromium, or run this as root on Debian.`,
    );
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...args: string[]) =>
    execFileSync("apt-get", ["-q", "-y", ...args], { env, stdio: "inherit" });
  apt("update");
  apt("install", "--no-install-recommends", "chromium");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) provideChromium();
