import type { Report } from "../report.js";
import type { Source } from "../source.js";
import { type Moment, readMoments } from "./moments.js";

/** The lists of moments; undefined: they are not published yet, or can't be read. */
export async function openMoments(
  source: Source,
  isClosed: boolean,
  report: Report,
): Promise<Map<string, Moment[]> | undefined> {
  const text = await source.text("moments.tsv");
  // Where a T line names moments, a closed day that hides them is wrong at that line.
  if (text === undefined) return isClosed ? new Map() : undefined;
  let lists: Map<string, Moment[]> | undefined;
  report.check(() => {
    lists = readMoments(text);
    return undefined;
  }, "moments.tsv");
  return lists;
}
