import { parseArgs } from "node:util";
import { ConfigSchema, readConfig } from "../settings/config.js";
import { runProgram } from "./program.js";

const HELP = `npm run check-config

Reads the settings as a server would, from the environment and from the file .env of this folder, and prints those in
force. Secrets and passwords are masked. Nothing is connected: npm run doctor does that.

Exit code: 0, or 1 where a setting is wrong (all mistakes are told at once), or 2 for a wrong command line.`;

const MASK = "***";

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

/** By its text: several hosts are no URL to Node. */
function masked(name: string, value: string): string {
  if (/TOKEN|SECRET|PASSWORD|KEY$/.test(name)) return MASK;
  return value
    .replace(/^([\w+.-]+:\/\/[^/?#:]*:)[^/?#]*@/, `$1${MASK}@`)
    .replace(
      /([?&][^=&#]*(?:password|token|secret|key)[^=&#]*=)[^&#]*/gi,
      `$1${MASK}`,
    );
}
