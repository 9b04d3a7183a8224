import { publicChain } from "../beacon.js";
import { type Key, parseKey, parseKeys } from "../notes/key.js";
import { openNote } from "../notes/note.js";
import { type Report, Unreadable, Wrong } from "../report.js";
import type { Source } from "../source.js";
import {
  type Close,
  checkClose,
  checkSeed,
  randomnessOf,
  readClose,
} from "./close.js";
import { checkSeal, readSeal, type Seal } from "./seal.js";

export type Opened = {
  seal: Seal;
  /** those that signed the seal */
  keys: Key[];
  close: Close | undefined;
  /** undefined: the day's key can't be made */
  randomness: string | undefined;
};

/** The keys that a day is signed by, and what vouches for them. */
async function keysOf(
  source: Source,
  pinned: Key | undefined,
  report: Report,
): Promise<Key[]> {
  const text = await source.text("key.txt");
  if (text === undefined && !pinned) {
    throw new Unreadable(
      `${source.name} has no key.txt, so the key that signs must be given: --key`,
    );
  }
  let keys: Key[] = [];
  report.check(() => {
    keys = parseKeys(text ?? "");
    return undefined;
  }, "key.txt");
  if (!pinned) {
    report.unknown(
      `Whose key ${keys.map((it) => it.text).join(", ")} is: it came with the day. Compare it with one that you have from elsewhere, or give that: --key.`,
    );
  } else if (!keys.some((it) => it.text === pinned.text)) {
    keys.push(pinned);
  }
  return keys;
}

const oneLine = (text: string): string => {
  if (text.indexOf("\n") !== text.length - 1)
    throw new Wrong("this is not one line of JSON");
  return text;
};

/** Opens seal and close. undefined: what is wrong with the seal leaves nothing to check by. */
export async function openDay(
  source: Source,
  keyText: string | undefined,
  report: Report,
): Promise<Opened | undefined> {
  const sealNote = await source.text("seal.note");
  if (sealNote === undefined) {
    throw new Unreadable(`${source.name} has no seal.note, so it is no day.`);
  }
  const pinned = keyText === undefined ? undefined : pinnedKey(keyText);
  const keys = await keysOf(source, pinned, report);
  let seal: Seal | undefined;
  let signers: Key[] = [];
  report.check(() => {
    const note = openNote(sealNote, keys);
    if (
      pinned &&
      !note.signers.includes(
        keys.find((it) => it.text === pinned.text) ?? pinned,
      )
    ) {
      throw new Wrong("the key that you gave did not sign this seal");
    }
    signers = note.signers;
    seal = readSeal(oneLine(note.text));
    checkSeal(seal);
    const by = signers.map(({ text }) => text).join(" and ");
    return `The seal is signed by ${by}, ${pinned ? "the key that you gave" : "the key of key.txt"}, and agrees with itself.`;
  }, "seal.note");
  if (!seal) return undefined;
  const closeNote = await source.text("close.note");
  if (closeNote === undefined) {
    report.waits(
      "For the close: until the day is over its seed is secret, so no roll can be computed yet. What follows from the rolls in the log is checked.",
    );
    return { seal, keys: signers, close: undefined, randomness: undefined };
  }
  const closed = checkClosed(closeNote, seal, signers, report);
  return { seal, keys: signers, ...closed };
}

function pinnedKey(text: string): Key {
  try {
    return parseKey(text);
  } catch (error) {
    throw new Unreadable(`--key: ${(error as Error).message}.`);
  }
}

function checkClosed(note: string, seal: Seal, keys: Key[], report: Report) {
  let close: Close | undefined;
  let randomness: string | undefined;
  report.check(() => {
    const opened = readClose(oneLine(openNote(note, keys).text));
    checkClose(opened, seal);
    close = opened;
    return "The close is signed by the same key.";
  }, "close.note");
  const known = close;
  if (!known) return { close, randomness };
  const chain = publicChain(seal.beacon?.chain_hash ?? "");
  const isSeed = report.check(() => {
    checkSeed(known, seal);
    return "The seed of the rolls is the one that was sealed.";
  }, "close.note");
  report.check(() => {
    const made = randomnessOf(known, seal);
    if (isSeed) randomness = made;
    if (made === "") return undefined;
    return `The beacon's round ${seal.beacon?.round} is signed by the chain that the seal names${chain ? `, ${chain}` : ""}: if the seal was made when it says, the rolls depend on a number that was not out yet.`;
  }, "close.note");
  if (randomness && !chain) {
    report.unknown(
      `Who runs the beacon's chain ${seal.beacon?.chain_hash}: its owner knows its rounds beforehand. Only drand's quicknet is known here; compare this hash with that of a chain that others run.`,
    );
  }
  return { close, randomness };
}
