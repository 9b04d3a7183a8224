import { checkDay } from "./day.js";
import { Unreadable } from "./files.js";
import { parseReceipt } from "./parse-receipt.js";
import { checkReceipt } from "./receipt.js";

/**
 * The checks, beside the page, so that it stays quick while they run.
 *
 * @typedef {{ kind: "receipt", text: string, base: string, pinned?: string | undefined }
 *   | { kind: "day", campaign: string, day: string, base: string, pinned?: string | undefined }
 *   | { kind: "find", p: string } | { kind: "name", name: string }} Order
 * @typedef {{ kind: "step", step: import("./steps.js").Step }
 *   | { kind: "progress", done: number, of: number }
 *   | { kind: "receipt", told: Awaited<ReturnType<typeof checkReceipt>> }
 *   | { kind: "day", report: import("./day.js").Report | undefined, took: number }
 *   | { kind: "found", p: string, draws: import("../rules/explain.js").Explained[] }
 *   | { kind: "failed", sentence: string }} News
 */

/** @type {import("./day.js").Checked | undefined} */
let checked;

const say = (/** @type {News} */ news) => postMessage(news);
const tell = (/** @type {import("./steps.js").Step} */ step) =>
  say({ kind: "step", step });

/** @param {Order} order */
async function follow(order) {
  if (order.kind === "receipt") {
    const told = await checkReceipt(parseReceipt(order.text), order, tell);
    say({ kind: "receipt", told });
  } else if (order.kind === "day") {
    const start = performance.now();
    checked = await checkDay(order, tell, (done, of) =>
      say({ kind: "progress", done, of }),
    );
    say({
      kind: "day",
      report: checked?.report,
      took: performance.now() - start,
    });
  } else if (checked) {
    const p = order.kind === "find" ? order.p : checked.pOf(order.name);
    say({ kind: "found", p: p ?? "", draws: p ? checked.find(p) : [] });
  }
}

addEventListener("message", ({ data }) => {
  follow(data).catch((error) => {
    const isOurs = error instanceof Unreadable;
    say({
      kind: "failed",
      sentence: isOurs ? error.message : `This could not be checked: ${error}`,
    });
  });
});
