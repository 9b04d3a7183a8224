import { hash } from "node:crypto";

// Trees as RFC 9162 has them, 2.1.

/** A hash, in hex: as a Buffer it takes four times the time, and what collects them takes more. */
export type Hash = string;

const LEAF = 0;
const NODE = 1;

/** Room for what is hashed: one buffer for all saves an allocation a hash. */
let room = Buffer.alloc(1_024);
const pair = Buffer.alloc(65, NODE);

export function leafOf(line: string): Hash {
  const most = 3 * line.length + 1;
  if (room.length < most) room = Buffer.alloc(most);
  room[0] = LEAF;
  const end = room.write(line, 1) + 1;
  return hash("sha256", room.subarray(0, end), "hex");
}

export function nodeOf(left: Hash, right: Hash): Hash {
  pair.write(left, 1, "hex");
  pair.write(right, 33, "hex");
  return hash("sha256", pair, "hex");
}

/** The root of no leaves. */
export const NO_LEAVES: Hash = hash("sha256", "", "hex");

/** As notes and their JSON have it. */
export const base64Of = (root: Hash): string =>
  Buffer.from(root, "hex").toString("base64");

/** The tree of some leaves: the last one of a level that has no neighbour goes up as it is, which makes the same tree. */
export function treeOf(leaves: Hash[]) {
  const levels = [leaves];
  for (let level = leaves; level.length > 1; ) {
    const above: Hash[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const left = level[at] as Hash;
      const right = level[at + 1];
      above.push(right ? nodeOf(left, right) : left);
    }
    levels.push(above);
    level = above;
  }

  /** What takes a leaf to the root, the lowest first. */
  function pathOf(index: number): Hash[] {
    const path: Hash[] = [];
    let at = index;
    for (const level of levels) {
      const neighbour = level[at ^ 1];
      if (neighbour) path.push(neighbour);
      at >>= 1;
    }
    return path;
  }

  const root = levels.at(-1)?.[0] ?? NO_LEAVES;
  return { root, pathOf };
}

/** Lines of a block: the root of each block is kept, so that a path needs the lines of one. */
export const BLOCK = 256;

/**
 * A tree that grows: the roots of its perfect subtrees, the largest first, as many as its size has ones in binary. `blocks`: the
 * roots of the blocks that were completed.
 */
export function growingTree(size: number, frontier: Hash[]) {
  const roots = [...frontier];
  const blocks: Hash[] = [];
  let count = size;

  function add(leaf: Hash): void {
    let root = leaf;
    let covered = 1;
    while (count % (2 * covered) >= covered) {
      root = nodeOf(roots.pop() as Hash, root);
      covered *= 2;
      if (covered === BLOCK) blocks.push(root);
    }
    roots.push(root);
    count += 1;
  }

  const root = () =>
    roots.length === 0
      ? NO_LEAVES
      : roots.reduceRight((right, left) => nodeOf(left, right));

  return { add, root, roots, blocks, size: () => count };
}
