import { counted } from "./report.js";

const EVERY_MS = 200;
const EVERY_LINE_MS = 5_000;
const WIDTH = 30;

/** Shows on a stream how far it is: a bar on a terminal, else a line now and then. `now`: milliseconds. */
export function createProgress(
  stream: { write(text: string): unknown; isTTY?: boolean },
  now: () => number,
) {
  const isBar = stream.isTTY === true;
  const began = now();
  let told = began;
  let looked = 0;

  function onProgress(lines: number, all: number | undefined): void {
    // Not even the clock is free, a million times.
    looked += 1;
    if (looked % 1024 !== 0) return;
    const at = now();
    if (at - told < (isBar ? EVERY_MS : EVERY_LINE_MS)) return;
    told = at;
    const share = all ? Math.min(1, lines / all) : undefined;
    const text = `${counted(lines)} lines${share === undefined ? "" : `, ${Math.floor(share * 100)} %`}`;
    if (!isBar) stream.write(`${text}\n`);
    else if (share === undefined) stream.write(`\r${text}`);
    else {
      const full = Math.round(share * WIDTH);
      stream.write(`\r${"█".repeat(full)}${"░".repeat(WIDTH - full)} ${text}`);
    }
  }

  const end = () => {
    if (isBar && told !== began) stream.write("\r\u001b[K");
  };
  return { onProgress, end };
}
