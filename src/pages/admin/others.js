import { useEffect, useState } from "preact/hooks";
import { isSame } from "./changes.js";

/** @typedef {import("./edits.js").PrizeTable} PrizeTable */

/**
 * Takes over what others publish, where nothing is typed; else answers whether there is something.
 *
 * @param {PrizeTable | undefined} table  as it was read, or is still to be read
 * @param {import("./live.js").LivePrize[] | undefined} live
 * @param {boolean} dirty
 * @param {() => void} load
 */
export function useOthers(table, live, dirty, load) {
  const [differing, setDiffering] = useState(0);
  // What was read just before the last edit of our own comes once after it.
  const isStale = differing > 1;
  useEffect(() => {
    if (live) setDiffering((n) => (isAsRead(table, live) ? 0 : n + 1));
  }, [table, live]);
  useEffect(() => {
    if (isStale && !dirty) load();
  }, [isStale, differing, dirty]);
  return isStale && table !== undefined;
}

/** @param {PrizeTable | undefined} table @param {import("./live.js").LivePrize[]} live */
function isAsRead(table, live) {
  return (
    live.length === table?.prizes.length &&
    live.every((prize, n) => {
      const own = table.prizes[n];
      return own && own.id === prize.id && isSame(own, prize);
    })
  );
}

/** Asks before a tab with unpublished typing is closed. @param {boolean} dirty */
export function useLeaving(dirty) {
  useEffect(() => {
    if (!dirty) return;
    const ask = (/** @type {Event} */ event) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [dirty]);
}
