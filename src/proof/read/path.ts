import { BLOCK, type Hash, nodeOf } from "../notes/tree.js";

/** A tree of RFC 9162, of which only some leaves are at hand. */
export type Tree = {
  size: number;
  /** roots of its whole blocks: level, number → root of 2 to the level blocks */
  levels: Hash[][];
  /** the hash of a leaf of the line's own block, or behind the last whole block */
  leaf(index: number): Hash;
};

/** The inclusion path of a leaf, from the bottom up. */
export function pathOf(tree: Tree, index: number): Hash[] {
  const path: Hash[] = [];
  let [from, to] = [0, tree.size];
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    const isLeft = index < middle;
    path.push(isLeft ? rootOf(tree, middle, to) : rootOf(tree, from, middle));
    [from, to] = isLeft ? [from, middle] : [middle, to];
  }
  return path.reverse();
}

/** The root of the leaves from `from` up to before `to`, which are a subtree. */
function rootOf(tree: Tree, from: number, to: number): Hash {
  const count = to - from;
  if (count === 1) return tree.leaf(from);
  const level = Math.log2(count / BLOCK);
  if (level >= 0 && Number.isInteger(level)) {
    return tree.levels[level]?.[from / count] as Hash;
  }
  const middle = from + splitOf(count);
  return nodeOf(rootOf(tree, from, middle), rootOf(tree, middle, to));
}

/** The greatest power of 2 below n. */
function splitOf(n: number): number {
  let split = 1;
  while (split * 2 < n) split *= 2;
  return split;
}
