import { sha256 } from "./sha256.js";

/** The trees of RFC 9162: a leaf is SHA-256(0x00 ‖ line), a node SHA-256(0x01 ‖ left ‖ right). */

let leaf = new Uint8Array(4_096);
const pair = new Uint8Array(65);
pair[0] = 1;

/** @param {Uint8Array} line */
export function leafOf(line) {
  if (line.length >= leaf.length) leaf = new Uint8Array(2 * line.length);
  leaf.set(line, 1);
  return sha256(leaf, line.length + 1);
}

/** @param {Uint8Array} left @param {Uint8Array} right */
function nodeOf(left, right) {
  pair.set(left, 1);
  pair.set(right, 33);
  return sha256(pair);
}

/** A tree that grows leaf by leaf, of which only the roots of its perfect subtrees are kept. */
export function createTree() {
  /** @type {Uint8Array[]} the largest first */
  const roots = [];
  let size = 0;
  return {
    /** @param {Uint8Array} leaf */
    add(leaf) {
      size += 1;
      let root = leaf;
      for (let rest = size; rest % 2 === 0; rest /= 2) {
        root = nodeOf(/** @type {Uint8Array} */ (roots.pop()), root);
      }
      roots.push(root);
    },
    size: () => size,
    root: () =>
      roots.length === 0
        ? sha256(new Uint8Array(0))
        : roots.reduceRight((right, left) => nodeOf(left, right)),
  };
}

/**
 * The root that a leaf, its place and its path lead to (RFC 9162, 2.1.3.2); undefined where the path is none of this place.
 *
 * @param {{ leaf: Uint8Array, index: number, size: number, path: Uint8Array[] }} proof
 */
export function rootBy({ leaf, index, size, path }) {
  if (index < 0 || index >= size) return undefined;
  let place = index;
  let last = size - 1;
  let root = leaf;
  for (const other of path) {
    if (last === 0) return undefined;
    if (place % 2 === 1 || place === last) {
      root = nodeOf(other, root);
      while (place % 2 === 0 && place > 0) {
        place = Math.floor(place / 2);
        last = Math.floor(last / 2);
      }
    } else {
      root = nodeOf(root, other);
    }
    place = Math.floor(place / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? root : undefined;
}
