import { createReadStream } from "node:fs";
import { isHash } from "../json.js";
import { eachLine } from "../lines.js";
import { type Report, Unreadable } from "../report.js";
import type { Source } from "../source.js";
import { checkNamesKey, type Names } from "./names.js";
import type { Seal } from "./seal.js";

/** The key of sealed names, as given or of an auditor's export; undefined: there is none, or it is wrong. */
export async function readNames(
  source: Source,
  seal: Seal,
  given: string | undefined,
  report: Report,
): Promise<Buffer | undefined> {
  if (seal.names === "open") return undefined;
  const hex = given ?? (await source.text("names_key.txt"))?.trim();
  if (hex === undefined) return undefined;
  const isKey = report.check(
    () => {
      checkNamesKey(seal, isHash(hex) ? hex : "");
      return "The key of the names is the one that was sealed.";
    },
    given === undefined ? "names_key.txt" : "--names-key",
  );
  return isKey ? Buffer.from(hex, "hex") : undefined;
}

/** Reads those whose draws are looked for. */
export async function addUsers(
  file: string,
  names: Names,
  seal: Seal,
  namesKey: Uint8Array | undefined,
): Promise<void> {
  if (seal.names === "sealed" && !namesKey) {
    throw new Unreadable(
      "--users: names are sealed, so whose p is whose needs --names-key, too.",
    );
  }
  const rest = await eachLine(createReadStream(file), (line) => {
    if (line.length > 0) names.add(line.toString().replace(/\r$/, ""));
  }).catch((error: Error) => {
    throw new Unreadable(`${file}: ${error.message}`);
  });
  if (rest.length > 0) names.add(rest.toString());
}
