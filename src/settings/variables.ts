import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { decodeText } from "./text.js";

/** Settings whose value may stand in a file, named by the setting with _FILE behind it. */
export const SECRETS = [
  "DATABASE_URL",
  "REDIS_URL",
  "ADMIN_TOKEN",
  "AUTH_JWT_SECRET",
  "PROOF_KEY",
];

export type Variables = {
  values: Record<string, string>;
  /** what is wrong, in sentences */
  problems: string[];
};

/**
 * The settings of the environment, of the file `.env` of this folder where it does not say, and of the files that the
 * settings with _FILE name. Empty ones count as not set.
 */
export function readVariables(environment: NodeJS.ProcessEnv): Variables {
  const problems: string[] = [];
  const values = { ...readDotEnv(problems), ...present(environment) };
  for (const name of SECRETS) {
    const path = values[`${name}_FILE`];
    if (path === undefined) continue;
    if (values[name] !== undefined) {
      problems.push(`${name}_FILE: can't be set together with ${name}`);
      continue;
    }
    const value = readSecret(name, path, problems);
    if (value !== undefined) values[name] = value;
  }
  return { values, problems };
}

function readDotEnv(problems: string[]): Record<string, string> {
  let bytes: Buffer;
  try {
    bytes = readFileSync(".env");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT") problems.push(`.env: can't be read (${code})`);
    return {};
  }
  const text = decodeText(bytes);
  if (text !== undefined) return present(parseEnv(text));
  problems.push(".env: must be text in UTF-8; save it so");
  return {};
}

function readSecret(
  name: string,
  path: string,
  problems: string[],
): string | undefined {
  try {
    const value = readFileSync(path, "utf8").replace(/\r?\n$/, "");
    if (value !== "") return value;
    problems.push(`${name}_FILE: ${path} is empty`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    problems.push(`${name}_FILE: ${path} can't be read (${code})`);
  }
  return undefined;
}

const present = (variables: NodeJS.Dict<string>) =>
  Object.fromEntries(
    Object.entries(variables).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && entry[1] !== "",
    ),
  );
