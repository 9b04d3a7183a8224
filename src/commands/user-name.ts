import { userInfo } from "node:os";

/** Who changes something by a command, for the history. */
export const changedBy = (): string => `command: ${userName()}`;

/** In a container the user may have a number and no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.()}`;
  }
}
