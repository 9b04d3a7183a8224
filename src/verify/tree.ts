import { sha256 } from "./hash.js";

// The tree of RFC 9162. Hashes are strings whose characters are their bytes.

let leafBytes = Buffer.alloc(4096);
const nodeBytes = Buffer.alloc(65, 1);

/** Of a line, without its line feed. */
export function leafOf(line: Uint8Array): string {
  if (line.length >= leafBytes.length)
    leafBytes = Buffer.alloc(line.length * 2);
  leafBytes[0] = 0;
  leafBytes.set(line, 1);
  return sha256(leafBytes.subarray(0, line.length + 1));
}

export function nodeOf(left: string, right: string): string {
  nodeBytes.write(left, 1, "latin1");
  nodeBytes.write(right, 33, "latin1");
  return sha256(nodeBytes);
}

/** A tree that grows by leaves and keeps only the roots of its perfect subtrees. */
export class Tree {
  size = 0;
  /** by height; empty where there is none */
  readonly #roots: string[] = [];

  add(leaf: string): void {
    let hash = leaf;
    let height = 0;
    for (let rest = this.size; rest % 2 === 1; rest = (rest - 1) / 2) {
      hash = nodeOf(this.#roots[height] ?? "", hash);
      this.#roots[height] = "";
      height += 1;
    }
    this.#roots[height] = hash;
    this.size += 1;
  }

  root(): string {
    let root = "";
    for (const hash of this.#roots) {
      if (hash) root = root ? nodeOf(hash, root) : hash;
    }
    return this.size === 0 ? sha256(new Uint8Array()) : root;
  }
}

/** The root that an inclusion path leads to; nothing where it does not fit the place. */
export function rootByPath(
  leaf: string,
  { index, size, path }: { index: number; size: number; path: string[] },
): string | undefined {
  if (index >= size) return undefined;
  let [at, last, root] = [index, size - 1, leaf];
  const half = (n: number) => Math.floor(n / 2);
  for (const hash of path) {
    if (last === 0) return undefined;
    if (at % 2 === 1 || at === last) {
      root = nodeOf(hash, root);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      root = nodeOf(root, hash);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 ? root : undefined;
}

export const inBase64 = (hash: string): string =>
  Buffer.from(hash, "latin1").toString("base64");
