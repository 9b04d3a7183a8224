import { crc32 } from "node:zlib";
import { Hmac, sha256, sha256Hex, wordAt } from "../hash.js";
import { KeyedTable } from "../kept/keyed-table.js";
import { type Place, Wrong } from "../report.js";
import type { Seal } from "./seal.js";

/** Which shard of so many a user belongs to. */
export const shardOf = (userId: string, shards: number): number =>
  (crc32(userId) >>> 16) % shards;

/** So few users are named one by one. */
const FEW = 20;
const DREW = 2;

export type Names = ReturnType<typeof createNames>;

/** Who draws, as the log writes it; with users, whose `p` is whose. `namesKey`: where names are sealed, if it is known. */
export function createNames(
  { names, shards }: Seal,
  namesKey: Uint8Array | undefined,
) {
  const isOpen = names === "open";
  const hmac = namesKey && new Hmac(namesKey);
  const users = new KeyedTable();
  const few = new Map<string, { user: string; places: Place[] }>();
  const strangers: { count: number; first: Place | undefined } = {
    count: 0,
    first: undefined,
  };
  let drew = 0;

  const pOf = (user: string): string =>
    isOpen
      ? Buffer.from(user).toString("base64url")
      : (hmac?.hexOf(user).slice(0, 32) ?? "");

  function keyOf(p: string): { high: number; low: number } {
    // Of all of it: invented names may begin as another does.
    const hash = sha256(Buffer.from(p));
    return { high: wordAt(hash, 0), low: wordAt(hash, 4) };
  }

  function add(user: string): void {
    const p = pOf(user);
    const { high, low } = keyOf(p);
    users.set(high, low, 1 + 2 * DREW * shardOf(user, shards));
    if (users.size <= FEW) few.set(p, { user, places: [] });
    else few.clear();
  }

  /** Of a draw: whether `p` can be one, and on this shard. */
  function meet(
    p: string,
    { shard, line }: { shard: number; line: number },
  ): void {
    if (isOpen) meetOpen(p, shard);
    else if (!/^[0-9a-f]{32}$/.test(p))
      throw new Wrong(`${p} is no sealed name`);
    if (users.size === 0) return;
    const { high, low } = keyOf(p);
    const value = users.get(high, low);
    const place = { file: `log-${shard}.tsv`, line };
    if (value === 0) {
      strangers.count += 1;
      strangers.first ??= place;
      return;
    }
    const belongs = Math.floor(value / (2 * DREW));
    if (belongs !== shard) throw new Wrong(`${p} belongs to shard ${belongs}`);
    if ((value & DREW) === 0) {
      users.set(high, low, value | DREW);
      drew += 1;
    }
    few.get(p)?.places.push(place);
  }

  function meetOpen(p: string, shard: number): void {
    const bytes = Buffer.from(p, "base64url");
    const user = bytes.toString();
    if (pOf(user) !== p || user === "") throw new Wrong(`${p} is no open name`);
    const belongs = shardOf(user, shards);
    if (belongs !== shard)
      throw new Wrong(`${user} belongs to shard ${belongs}`);
  }

  return {
    keyOf,
    add,
    meet,
    few,
    strangers,
    counts: () => ({ users: users.size, drew }),
  };
}

export function checkNamesKey({ names_hash }: Seal, key: string): void {
  const hash = sha256Hex(Buffer.from(key, "hex"));
  if (hash !== names_hash) {
    throw new Wrong(
      `the key of the names is not the one that was sealed: its hash is ${hash}`,
    );
  }
}
