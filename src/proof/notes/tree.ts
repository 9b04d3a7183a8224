import { hash } from "node:crypto";

// Trees as RFC 9162 has them, 2.1.

const LEAF = 0;
const NODE = 1;

/** Room for what is hashed: one buffer for all saves an allocation a hash. */
let room = Buffer.alloc(1_024);
const pair = Buffer.alloc(65, NODE);

export function leafOf(line: string): Buffer {
  const most = 3 * line.length + 1;
  if (room.length < most) room = Buffer.alloc(most);
  room[0] = LEAF;
  const end = room.write(line, 1) + 1;
  return hash("sha256", room.subarray(0, end), "buffer");
}

export function nodeOf(left: Buffer, right: Buffer): Buffer {
  pair.set(left, 1);
  pair.set(right, 33);
  return hash("sha256", pair, "buffer");
}

/** The tree of some leaves: the last one of a level that has no neighbour goes up as it is, which makes the same tree. */
export function treeOf(leaves: Buffer[]) {
  const levels = [leaves];
  for (let level = leaves; level.length > 1; ) {
    const above: Buffer[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const left = level[at] as Buffer;
      const right = level[at + 1];
      above.push(right ? nodeOf(left, right) : left);
    }
    levels.push(above);
    level = above;
  }

  const texts = levels.map((level) => level.map(() => ""));

  /** What takes a leaf to the root, the lowest first, in hex: each hash is written once, though it is in many paths. */
  function pathOf(index: number): string[] {
    const path: string[] = [];
    let at = index;
    for (const [n, level] of levels.entries()) {
      const place = at ^ 1;
      const neighbour = level[place];
      if (neighbour) {
        const its = texts[n] as string[];
        its[place] ||= neighbour.toString("hex");
        path.push(its[place] as string);
      }
      at >>= 1;
    }
    return path;
  }

  const root = levels.at(-1)?.[0] ?? hash("sha256", "", "buffer");
  return { root, pathOf };
}

/** Lines of a block: the root of each block is kept, so that a path needs the lines of one. */
export const BLOCK = 256;

/**
 * A tree that grows: the roots of its perfect subtrees, the largest first, as many as its size has ones in binary. `blocks`: the
 * roots of the blocks that were completed.
 */
export function growingTree(size: number, frontier: Buffer[]) {
  const roots = [...frontier];
  const blocks: Buffer[] = [];
  let count = size;

  function add(leaf: Buffer): void {
    let root = leaf;
    let covered = 1;
    while (count % (2 * covered) >= covered) {
      root = nodeOf(roots.pop() as Buffer, root);
      covered *= 2;
      if (covered === BLOCK) blocks.push(root);
    }
    roots.push(root);
    count += 1;
  }

  const root = () =>
    roots.length === 0
      ? hash("sha256", "", "buffer")
      : roots.reduceRight((right, left) => nodeOf(left, right));

  return { add, root, roots, blocks, size: () => count };
}
