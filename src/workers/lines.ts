import type { Readable } from "node:stream";

/**
 * Hands on what a worker prints, in whole lines, so that no worker's line stands within another's. A last one that a killed
 * worker had written in part is left out.
 */
export function handOnLines(from: Readable, write: (line: string) => void) {
  let rest = "";
  from.setEncoding("utf8");
  from.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) write(`${line}\n`);
  });
}
