import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import type { Owner } from "./owner.js";
import { pathOf } from "./proof/notes.js";

export type Days = Map<string, Map<string, string>>;

/**
 * A server that has these days (`CAMPAIGN/DAY` → files) at /proof, by the paths of src/verify/README.md, and gives all else to
 * the one at `url`. What is changed in the map later is served so.
 */
export async function serveDays(t: Owner, url: string, days: Days) {
  // Links that it closed by itself would fail whoever has just begun to ask by one.
  const server = createServer({ keepAliveTimeout: 0 }, (incoming, answer) => {
    const [path = ""] = (incoming.url ?? "").split("?");
    if (!path.startsWith("/proof")) {
      const { method, headers } = incoming;
      const forward = request(
        url + incoming.url,
        { method, headers },
        (from) => {
          answer.writeHead(from.statusCode ?? 502, from.headers);
          from.pipe(answer);
        },
      );
      forward.on("error", () => answer.destroy());
      incoming.pipe(forward);
      return;
    }
    const body = path === "/proof" ? listOf(days) : fileOf(days, path);
    answer.statusCode = body === undefined ? 404 : 200;
    answer.end(body);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.teardown(() => {
    server.closeAllConnections();
    return new Promise<void>((done) => server.close(() => done()));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function listOf(days: Days): string {
  const list = [...days].map(([name, files]) => {
    const [campaign, day] = name.split("/");
    return { campaign, day, closed: files.has("close.note") };
  });
  return JSON.stringify({
    success: true,
    data: { days: list, next_cursor: null },
  });
}

function fileOf(days: Days, path: string): string | undefined {
  const [, , campaign, day, file = "", seq] = path.split("/");
  const files = days.get(`${campaign}/${day}`);
  if (!files || seq === undefined) return files?.get(file);
  const checkpoint = files.get(`checkpoint-${file}.note`) ?? "";
  const size = Number(checkpoint.split("\n")[1]);
  const log = files.get(`log-${file}.tsv`) ?? "";
  const lines = log.split("\n").slice(0, size);
  const index = lines.findIndex((line) => line.startsWith(`${seq}\t`));
  if (index < 0) return undefined;
  const data = {
    line: lines[index],
    index,
    path: pathOf(lines, index),
    checkpoint,
  };
  return JSON.stringify({ success: true, data });
}
