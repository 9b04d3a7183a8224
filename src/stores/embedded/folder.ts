import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
} from "node:fs";
import { chmod, open as openFile, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { SetupError } from "../../errors.js";
import type { User } from "./user.js";

/** A folder that is its owner's alone. */
export type Folder = {
  /**
   * Leads to this very folder, whatever becomes of its name, and is short: a socket's path may have 107 bytes. Holds in
   * this process until `close`.
   */
  path: string;
  /** Whether other users of the machine could enter it until now. */
  wasOpen: boolean;
  /** Closes all that is in it to other users, down to the last file, and gives it to the folder's user. */
  tighten(): Promise<void>;
  close(): void;
};

/** PostgreSQL ran as this user where an earlier revision was started by root. */
export const NOBODY = 65_534;

/**
 * Opens a folder, made where it is missing, and closes it to everybody else. Given a user, by root, the folder becomes
 * that user's; `before` may have owned it until now. Throws a sentence where it belongs to somebody else: they could read
 * and change what is in it.
 */
export function openFolder(name: string, user?: User, before?: number): Folder {
  try {
    mkdirSync(name, { recursive: true, mode: 0o700 });
    return open(name, user, before);
  } catch (error) {
    if (error instanceof SetupError || !(error instanceof Error)) throw error;
    throw new SetupError(`${shown(name)} can't be used: ${error.message}`);
  }
}

function open(name: string, user?: User, before?: number): Folder {
  const us = process.getuid?.() ?? 0;
  const owners = [us, ...(user ? [user.uid, before] : [])];
  // In a folder where others may write, a link of theirs would lead us to where they like.
  const named = lstatSync(name);
  check(name, named.uid, named.isSymbolicLink() ? [us] : owners);
  const fd = openSync(name, constants.O_RDONLY | constants.O_DIRECTORY);
  const { uid, mode } = fstatSync(fd);
  check(name, uid, owners);
  fchmodSync(fd, 0o700);
  if (user) fchownSync(fd, user.uid, user.gid);
  const pinned = `/proc/self/fd/${fd}`;
  const path = existsSync(pinned) ? pinned : name;
  let isOpen = true;
  return {
    path,
    wasOpen: (mode & 0o077) !== 0,
    tighten: () => tighten(path, owners, user),
    // Once: its number may be another file's afterwards.
    close: () => {
      if (isOpen) closeSync(fd);
      isOpen = false;
    },
  };
}

function check(name: string, uid: number, owners: unknown[]): void {
  if (owners.includes(uid)) return;
  throw new SetupError(
    `${shown(name)} belongs to the user with the number ${uid}, who could read and change what is in it: start as that user, or move it away.`,
  );
}

/** Folders before what is in them, so that nobody can exchange a file on the way. */
async function tighten(
  path: string,
  owners: unknown[],
  user?: User,
): Promise<void> {
  for (const name of readdirSync(path)) {
    const entry = join(path, name);
    const found = lstatSync(entry);
    check(entry, found.uid, owners);
    const isFolder = found.isDirectory();
    // Of another user's file, linked into a folder that was open, root would make a gift.
    if (user && !isFolder && found.nlink > 1 && found.uid !== user.uid) {
      throw new SetupError(
        `${shown(entry)} has a second name elsewhere: copy it to a file of its own, then start again.`,
      );
    }
    if (user) lchownSync(entry, user.uid, user.gid);
    if (isFolder || found.isFile()) {
      const mode = isFolder ? 0o700 : 0o600;
      if ((found.mode & 0o777) !== mode) await chmod(entry, mode);
    }
    if (isFolder) await tighten(entry, owners, user);
  }
}

/** Writes a file anew: never through a link that stands in its place. */
export async function replaceFile(path: string, text: string, user?: User) {
  await rm(path, { force: true });
  const file = await openFile(path, "wx", 0o600);
  if (user) await file.chown(user.uid, user.gid);
  await file.writeFile(text);
  await file.close();
}

/** A path as people know it. */
export function shown(path: string): string {
  try {
    return join(realpathSync(dirname(path)), path.slice(dirname(path).length));
  } catch {
    return resolve(path);
  }
}
