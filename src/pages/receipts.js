/**
 * The receipts that this browser keeps, of the participants' page and of the one that checks them: all campaigns of a service
 * share them. Whoever holds one can prove a line of the log that is missing later.
 *
 * @typedef {{ line: string, index: number, path: string[], note: string }} Receipt
 * @typedef {{ id: string, username: string, at: number, receipt: Receipt }} Kept
 */

/** The newest of so many are kept. */
const MOST = 200;

/** Behind a proxy several services may share a host. */
const below = location.pathname.replace(/verify\/$/, "").replace(/^\/$/, "");
const RECEIPTS = `lucky-draw:receipts${below}`;

/** Stands in where the browser keeps nothing for this page. @type {Kept[]} */
let memory = [];

/** The newest first. @returns {Kept[]} */
export function keptReceipts() {
  try {
    const list = JSON.parse(localStorage.getItem(RECEIPTS) ?? "[]");
    return Array.isArray(list) ? list : [];
  } catch {
    return memory;
  }
}

/** A repeated answer's receipt is the same. @param {string} username @param {Receipt} receipt @returns {Kept} */
export function keepReceipt(username, receipt) {
  const before = keptReceipts();
  const known = before.find(
    (kept) =>
      kept.receipt.note === receipt.note && kept.receipt.line === receipt.line,
  );
  if (known) return known;
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  const id = [...bytes]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  const kept = { id, username, at: Date.now(), receipt };
  memory = [kept, ...before].slice(0, MOST);
  try {
    localStorage.setItem(RECEIPTS, JSON.stringify(memory));
  } catch {
    // Full, or switched off: this tab still has it.
  }
  return kept;
}
