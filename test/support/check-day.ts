import {
  createReport,
  type Finding,
  sentenceOf,
} from "../../src/verify/report.js";
import type { Source } from "../../src/verify/source.js";
import { type Asked, verifyDay } from "../../src/verify/verify-day.js";

const nothing: Asked = {
  key: undefined,
  namesKey: undefined,
  users: undefined,
  receipts: [],
};

/** The files of a day as they would be downloaded, a few bytes at a time. */
export function sourceOf(files: Record<string, string>): Source {
  return {
    name: "the day",
    text: async (file) => files[file],
    open: async (file) =>
      files[file] === undefined ? undefined : chunksOf(files[file]),
  };
}

async function* chunksOf(text: string): AsyncIterable<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 1000)
    yield bytes.subarray(at, at + 1000);
}

/** What the verifier finds in a day. */
export async function checkDay(
  files: Record<string, string>,
  asked: Partial<Asked> = {},
): Promise<{
  findings: Finding[];
  wrong: string[];
  told: (kind: string) => string[];
}> {
  const report = createReport();
  await verifyDay(sourceOf(files), { ...nothing, ...asked }, report, () => {});
  const told = (kind: string) =>
    report.findings.filter((it) => it.kind === kind).map(sentenceOf);
  return { findings: report.findings, wrong: told("wrong"), told };
}
