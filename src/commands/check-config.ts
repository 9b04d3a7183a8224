import { parseArgs } from "node:util";
import { ConfigSchema, readConfig } from "../settings/config.js";
import { runProgram } from "./program.js";

const HELP = `npm run check-config

Reads the settings as a server would, from the environment and from the file .env of this folder, and prints those in
force. Secrets and passwords are masked. Nothing is connected: npm run doctor does that.

Exit code: 0, or 1 where a setting is wrong (all mistakes are told at once), or 2 for a wrong command line.`;

const MASK = "***";

/** User and password before the hosts of a URL. */
const USER = /^([\w+]+:\/\/[^:@/]*:)[^@/]*@/;

const SECRETS = /([?&][^=&]*(?:password|token|secret|key)[^=&]*=)[^&]*/gi;

await runProgram(HELP, async (args) => {
  parseArgs({ args });
  const config = await readConfig(process.env);
  for (const name of Object.keys(ConfigSchema.properties)) {
    const value = config[name as keyof typeof config];
    console.log(
      value === undefined
        ? `# ${name} is not set`
        : `${name}=${masked(name, String(value))}`,
    );
  }
  return 0;
});

function masked(name: string, value: string): string {
  if (/TOKEN|SECRET|PASSWORD/.test(name)) return MASK;
  // One with several hosts is none to Node.
  if (!URL.canParse(value)) {
    return value.replace(USER, `$1${MASK}@`).replace(SECRETS, `$1${MASK}`);
  }
  const url = new URL(value);
  if (url.password) url.password = MASK;
  for (const key of url.searchParams.keys()) {
    if (/password|token|secret|key/i.test(key)) url.searchParams.set(key, MASK);
  }
  return url.password || url.search ? url.href : value;
}
